"""Files -> shards: stretches of big files, and groups of small ones."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import xxhash

from isinglass.pipelines.plan.digest import Stretch
from isinglass.schemas.documents import Piece, Shard

if TYPE_CHECKING:
    from isinglass.pipelines.plan.layout import InputFiles
    from isinglass.pipelines.plan.probe import Probed

MOST_PIECES = 2048
"""Files in a shard, so that its description stays small."""

_SLUG_LENGTH = 40
_HASH_DIGITS = 8


def make_shards(inputs: list[InputFiles], shard_bytes: int) -> tuple[Shard, ...]:
    """Cut and group the files of all inputs.

    A file of at least half a shard has shards of its own, whose names therefore do not
    change when other files come or go. Smaller files of one input are grouped in order.

    Args:
        inputs: All inputs.
        shard_bytes: Bytes a shard aims at.

    Returns:
        The shards, sorted by their unique, file-name-safe ids.
    """
    shards: list[Shard] = []
    for item in inputs:
        small: list[Probed] = []
        for file in item.files:
            if 2 * _size(file) >= shard_bytes:
                shards.extend(_shards_of_file(item, file, shard_bytes))
            else:
                small.append(file)
        shards.extend(_shards_of_group(item, g) for g in _groups(small, shard_bytes))
    return tuple(sorted(_unique(shards), key=lambda shard: shard.shard_id))


def slug(name: str) -> str:
    """Return a name as letters, digits and hyphens, safe in any file name."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9]+", "-", letters)[:_SLUG_LENGTH].strip("-")
    return safe or "source"


def merge(stretches: tuple[Stretch, ...], shard_bytes: int) -> list[Stretch]:
    """Merge neighbouring stretches as long as they stay within `shard_bytes`."""
    merged: list[Stretch] = []
    for stretch in stretches:
        last = merged[-1] if merged else None
        if last is None or last.bytes + stretch.bytes > shard_bytes:
            merged.append(stretch)
            continue
        unknown = last.rows is None or stretch.rows is None
        merged[-1] = Stretch(
            last.start,
            stretch.stop,
            last.first_row,
            None if unknown else (last.rows or 0) + (stretch.rows or 0),
            last.bytes + stretch.bytes,
        )
    return merged


def _size(file: Probed) -> int:
    return sum(stretch.bytes for stretch in file.stretches)


def _shards_of_file(item: InputFiles, file: Probed, shard_bytes: int) -> list[Shard]:
    name = _base_name(item, [file])
    parts = merge(file.stretches, shard_bytes)
    return [
        Shard(f"{name}-{part:05d}", item.config.source, item.index, (_piece(file, s),))
        for part, s in enumerate(parts)
    ]


def _shards_of_group(item: InputFiles, files: list[Probed]) -> Shard:
    pieces = tuple(
        _piece(file, stretch)
        for file in files
        for stretch in merge(file.stretches, max(1, _size(file)))
    )
    name = _base_name(item, files)
    return Shard(f"{name}-00000", item.config.source, item.index, pieces)


def _groups(files: list[Probed], shard_bytes: int) -> list[list[Probed]]:
    groups: list[list[Probed]] = []
    size = 0
    for file in files:
        full = size + _size(file) > shard_bytes
        if not groups or full or len(groups[-1]) >= MOST_PIECES:
            groups.append([])
            size = 0
        groups[-1].append(file)
        size += _size(file)
    return groups


def _piece(file: Probed, stretch: Stretch) -> Piece:
    return Piece(
        path=file.found.path,
        relative=file.found.relative,
        format=file.found.format,
        start=stretch.start,
        stop=stretch.stop,
        first_row=stretch.first_row,
        rows=stretch.rows,
        bytes=stretch.bytes,
        sha256=file.sha256,
        problem=file.problem,
    )


def _base_name(item: InputFiles, files: list[Probed]) -> str:
    names = [item.config.source, *(file.found.relative for file in files)]
    digest = xxhash.xxh3_64_hexdigest("\0".join(names).encode("utf-8", "surrogatepass"))
    return f"{slug(item.config.source)}-{digest[:_HASH_DIGITS]}"


def _unique(shards: list[Shard]) -> list[Shard]:
    """Lengthen the names of shards that share one by chance."""
    counts = Counter(shard.shard_id for shard in shards)
    return [
        shard
        if counts[shard.shard_id] == 1
        else replace(shard, shard_id=f"{shard.shard_id}-{_longer(shard)}")
        for shard in shards
    ]


def _longer(shard: Shard) -> str:
    names = [shard.source, *(piece.relative for piece in shard.pieces)]
    return xxhash.xxh3_128_hexdigest("\0".join(names).encode("utf-8", "surrogatepass"))

"""Files -> shards: stretches of big files, and groups of small ones."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import xxhash

from isinglass.schemas.documents import Piece, Shard

if TYPE_CHECKING:
    from isinglass.pipelines.plan.digest import Stretch
    from isinglass.pipelines.plan.layout import InputFiles
    from isinglass.pipelines.plan.probe import PlannedInput

MOST_PIECES = 2048
"""Files in a shard, so that its description stays small."""

_SLUG_LENGTH = 40
_HASH_DIGITS = 8


def make_shards(inputs: list[InputFiles], shard_bytes: int) -> tuple[Shard, ...]:
    """Cut and group the files of all inputs.

    A file of at least half a shard has shards of its own, whose names therefore do not
    change when other files come or go. Smaller files of one input are grouped in order.

    They come sorted by their unique, file-name-safe ids.
    """
    shards: list[Shard] = []
    for item in inputs:
        small: list[PlannedInput] = []
        for file in item.files:
            if 2 * _size(file) >= shard_bytes:
                parts = enumerate(merge(file.stretches, shard_bytes))
                shards += [_shard(item, [_piece(file, s)], part) for part, s in parts]
            else:
                small.append(file)
        for group in _groups(small, shard_bytes):
            whole = [merge(file.stretches, _size(file))[0] for file in group]
            shards.append(_shard(item, list(map(_piece, group, whole)), 0))
    return tuple(sorted(_unique(shards), key=lambda shard: shard.shard_id))


def slug(name: str) -> str:
    """Return a name as letters, digits and hyphens, safe in any file name."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9]+", "-", letters)[:_SLUG_LENGTH].strip("-")
    return safe or "source"


def merge(stretches: Iterable[Stretch], shard_bytes: int) -> list[Stretch]:
    """Merge neighbouring stretches as long as they stay within `shard_bytes`."""
    merged: list[Stretch] = []
    for stretch in stretches:
        last = merged[-1] if merged else None
        if last is None or last.bytes + stretch.bytes > shard_bytes:
            merged.append(stretch)
            continue
        unknown = last.rows is None or stretch.rows is None
        merged[-1] = last._replace(
            stop=stretch.stop,
            rows=None if unknown else (last.rows or 0) + (stretch.rows or 0),
            bytes=last.bytes + stretch.bytes,
        )
    return merged


def _size(file: PlannedInput) -> int:
    return sum(stretch.bytes for stretch in file.stretches)


def _shard(item: InputFiles, pieces: list[Piece], part: int) -> Shard:
    source = item.config.source
    digest = xxhash.xxh3_64_hexdigest(_names(source, pieces))[:_HASH_DIGITS]
    name = f"{slug(source)}-{digest}-{part:05d}"
    return Shard(name, source, item.index, tuple(pieces))


def _names(source: str, pieces: Iterable[Piece]) -> bytes:
    names = [source, *(piece.relative for piece in pieces)]
    return "\0".join(names).encode("utf-8", "surrogatepass")


def _groups(files: list[PlannedInput], shard_bytes: int) -> list[list[PlannedInput]]:
    groups: list[list[PlannedInput]] = []
    size = 0
    for file in files:
        full = size + _size(file) > shard_bytes
        if not groups or full or len(groups[-1]) >= MOST_PIECES:
            groups.append([])
            size = 0
        groups[-1].append(file)
        size += _size(file)
    return groups


def _piece(file: PlannedInput, stretch: Stretch) -> Piece:
    return Piece(
        path=file.opened,
        relative=file.path,
        format=file.format,
        **stretch._asdict(),
        sha256=file.sha256,
        problem=file.problem,
        encoding=file.encoding,
        dialect=file.dialect,
    )


def _unique(shards: list[Shard]) -> list[Shard]:
    """Lengthen the names of shards that share one by chance."""
    counts = Counter(shard.shard_id for shard in shards)
    unique = []
    for shard in shards:
        name = shard.shard_id
        if counts[name] > 1:
            digest = xxhash.xxh3_128_hexdigest(_names(shard.source, shard.pieces))
            name = f"{name}-{digest}"
        unique.append(replace(shard, shard_id=name))
    return unique

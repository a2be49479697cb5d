"""One read of a file: its SHA-256, and where its lines can be cut."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from isinglass.transforms.read.counts import line_state, scan_lines
from isinglass.transforms.read.streams import BYTE_ORDER_MARK

if TYPE_CHECKING:
    Cut = tuple[int, int, int]
    Octets = bytes

BLOCK_BYTES = 2**20


class Stretch(NamedTuple):
    """A part of a file that can be read alone, as in `Piece`.

    Bytes are uncompressed where the format tells.
    """

    start: int
    stop: int
    first_row: int
    rows: int | None
    bytes: int


class Digest(NamedTuple):
    """What one read of a file tells: size, SHA-256 in hex, stretches of lines if asked.

    Other formats tell their stretches later; all of them together are the file. `whole`
    is the content of a small file, so that it need not be opened again.
    """

    bytes: int
    sha256: str
    stretches: tuple[Stretch, ...] = ()
    whole: Octets | None = None


def digest_file(path: str | Path, *, line_bytes: int | None = None) -> Digest:
    """Hash a file and, on request, cut it at line starts.

    `line_bytes` is the least size of a stretch of lines; None for no stretches.
    """
    hashed = hashlib.sha256()
    size = 0
    state = line_state()
    cuts: list[Cut] = []
    whole: bytes | None = b""
    with io.FileIO(path) as file:
        while block := file.read(BLOCK_BYTES):
            whole = None if size else block
            hashed.update(block)
            if line_bytes is not None:
                marked = not size and block.startswith(BYTE_ORDER_MARK)
                skip = len(BYTE_ORDER_MARK) if marked else 0
                data = np.frombuffer(block, np.uint8)
                found = np.empty((len(block) // line_bytes + 2, 3), np.int64)
                count = scan_lines(data, skip, size, line_bytes, state, found)
                cuts += map(tuple, found[:count].tolist())
            size += len(block)
    stretches = () if line_bytes is None else _stretches(cuts, size, state)
    return Digest(size, hashed.hexdigest(), stretches, whole)


def _stretches(cuts: list[Cut], size: int, state: np.ndarray) -> tuple[Stretch, ...]:
    """The parts between cuts; an empty file is one without records."""
    _, records, blank, start = state.tolist()
    if start < size or not size:
        cuts = [*cuts, (size, 0, records + (0 if blank else 1))]
    found = []
    start, row, earlier = 0, 0, 0
    for stop, lines, records in cuts:
        found.append(Stretch(start, stop, row, records - earlier, stop - start))
        start, row, earlier = stop, lines, records
    return tuple(found)

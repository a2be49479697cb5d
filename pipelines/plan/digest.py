"""One read of a file: its SHA-256, and where its lines can be cut."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from isinglass.transforms.read.streams import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from pathlib import Path

    Cut = tuple[int, int, int]

BLOCK_BYTES = 2**20


class Stretch(NamedTuple):
    """A part of a file that can be read alone; the same as in `Piece`.

    Attributes:
        start: First unit: row group, record batch or byte.
        stop: One past the last; -1 for all.
        first_row: Number of its first record in the file.
        rows: Records in it; None where only reading tells.
        bytes: Bytes, uncompressed where the format tells.
    """

    start: int
    stop: int
    first_row: int
    rows: int | None
    bytes: int


class Digest(NamedTuple):
    """What one read of a file tells: size, SHA-256 in hex, stretches of lines if asked.

    Other formats tell their stretches later; all of them together are the file.
    """

    bytes: int
    sha256: str
    stretches: tuple[Stretch, ...] = ()


def digest_file(path: Path, *, line_bytes: int | None = None) -> Digest:
    """Hash a file and, on request, cut it at line starts.

    `line_bytes` is the least size of a stretch of lines; None for no stretches.
    """
    hashed = hashlib.sha256()
    size = 0
    # Lines, records, whether the current line is blank, start of the stretch.
    state = np.array([0, 0, 1, 0], np.int64)
    cuts: list[Cut] = []
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            hashed.update(block)
            if line_bytes is not None:
                marked = not size and block.startswith(BYTE_ORDER_MARK)
                skip = len(BYTE_ORDER_MARK) if marked else 0
                data = np.frombuffer(block, np.uint8)
                found = np.empty((len(block) // line_bytes + 2, 3), np.int64)
                count = _scan_lines(data, skip, size, line_bytes, state, found)
                cuts += map(tuple, found[:count].tolist())
            size += len(block)
    stretches = () if line_bytes is None else _stretches(cuts, size, state)
    return Digest(size, hashed.hexdigest(), stretches)


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


@njit(cache=True, nogil=True)
def _scan_lines(
    data: Any, skip: Any, offset: Any, line_bytes: Any, state: Any, cuts: Any
) -> Any:
    """Update the state; write position, lines and records of each cut."""
    lines, records, blank, start = state[0], state[1], state[2], state[3]
    found = 0
    for position in range(skip, data.size):
        byte = data[position]
        if byte == 10:  # noqa: PLR2004 - newline
            lines += 1
            records += 1 - blank
            blank = 1
            end = offset + position + 1
            if end - start >= line_bytes:
                cuts[found, 0] = end
                cuts[found, 1] = lines
                cuts[found, 2] = records
                found += 1
                start = end
        elif byte > 32 or (byte != 32 and byte != 9 and byte != 13):  # noqa: PLR1714, PLR2004
            blank = 0
    state[0], state[1], state[2], state[3] = lines, records, blank, start
    return found

"""One read of a file: its SHA-256, and where its lines can be cut."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from isinglass.transforms.read.streams import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from pathlib import Path

BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class Stretch:
    """A part of a file that can be read alone.

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


@dataclass(frozen=True)
class Digest:
    """What one read of a file tells.

    Attributes:
        bytes: Its size.
        sha256: Hex.
        stretches: Of lines; empty unless they were asked for.
    """

    bytes: int
    sha256: str
    stretches: tuple[Stretch, ...] = ()


def digest_file(path: Path, *, line_bytes: int | None = None) -> Digest:
    """Hash a file and, on request, cut it at line starts.

    Args:
        path: The file.
        line_bytes: Least bytes of a stretch of lines; None for no stretches.

    Raises:
        OSError: The file cannot be read.
    """
    hashed = hashlib.sha256()
    size = 0
    cutter = None if line_bytes is None else _Cutter(line_bytes)
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            hashed.update(block)
            if cutter is not None:
                cutter.add(block, size)
            size += len(block)
    stretches = () if cutter is None else cutter.finish(size)
    return Digest(size, hashed.hexdigest(), stretches)


class _Cutter:
    """Counts lines and the records among them, and cuts after enough bytes."""

    def __init__(self, line_bytes: int) -> None:
        self._line_bytes = line_bytes
        # Lines, records, whether the current line is blank, start of the stretch.
        self._state = np.array([0, 0, 1, 0], np.int64)
        self._stretches: list[Stretch] = []
        self._first_row = 0
        self._first_record = 0

    def add(self, block: bytes, offset: int) -> None:
        """Scan a block that begins at byte `offset` of the file."""
        skip = len(BYTE_ORDER_MARK) if not offset and _has_mark(block) else 0
        data = np.frombuffer(block, np.uint8)
        cuts = np.empty((len(block) // self._line_bytes + 2, 3), np.int64)
        found = _scan_lines(data, skip, offset, self._line_bytes, self._state, cuts)
        for position, lines, records in cuts[:found].tolist():
            self._cut(position, lines, records)

    def finish(self, size: int) -> tuple[Stretch, ...]:
        """Return all stretches; an empty file is one without records."""
        _, records, blank, start = self._state.tolist()
        if start < size or not size:
            self._append(start, size, records + (0 if blank else 1))
        return tuple(self._stretches)

    def _cut(self, position: int, lines: int, records: int) -> None:
        start = self._stretches[-1].stop if self._stretches else 0
        self._append(start, position, records)
        self._first_row = lines

    def _append(self, start: int, stop: int, records: int) -> None:
        rows = records - self._first_record
        self._stretches.append(
            Stretch(start, stop, self._first_row, rows, stop - start)
        )
        self._first_record = records


def _has_mark(block: bytes) -> bool:
    return block.startswith(BYTE_ORDER_MARK)


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

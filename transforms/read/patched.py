"""A file in which other bytes lie from some places on."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import pyarrow as pa


def patched(
    file: pa.NativeFile, parts: Sequence[tuple[int, int | bytes]] = ((0, 0),)
) -> io.BufferedReader:
    """Return parts of a file and bytes in a row.

    Each part begins at a place, and ends where the next one begins; it is some bytes,
    or says where in the file that begins which lies there.
    """
    return io.BufferedReader(_Patched(file, parts))


class _Patched(io.RawIOBase):
    def __init__(
        self, file: pa.NativeFile, parts: Sequence[tuple[int, int | bytes]]
    ) -> None:
        super().__init__()
        self._file, self._parts, self._place = file, parts, 0
        self._starts = [start for start, _ in parts]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place}.get(whence, self._file.size())
        self._place = base + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        number = bisect_right(self._starts, self._place) - 1
        start, part = self._parts[number]
        size, offset = len(buffer), self._place - start
        if number + 1 < len(self._starts):
            size = min(size, self._starts[number + 1] - self._place)
        if isinstance(part, bytes):
            data = part[offset : offset + size]
        else:
            data = self._file.read_at(size, part + offset)
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

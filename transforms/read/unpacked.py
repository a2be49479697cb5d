"""Compressed bytes -> what they hold, in order, a MB at a time.

Snappy, which Parquet is mostly written with, has no streaming form. It is decoded here
as its description says (google/snappy, format_description.txt); its writers refer to
nothing that is more than 64 KiB behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from isinglass.transforms.compiled import njit

_CHUNK_BYTES = 2**20
_BEHIND = 2**16
_TAG_BYTES = 5
_STREAMING = {"GZIP": "gzip", "ZSTD": "zstd", "BROTLI": "brotli", "LZ4_FRAME": "lz4"}
_HELD = ("SNAPPY", "UNCOMPRESSED")

_PLACE, _AT, _LITERAL, _COPY, _OFFSET = range(5)
"""The state of decoding: places in what is read and in what is written, bytes that are
left of a literal and of a copy, and how far behind the copy is."""


def is_streamed(codec: str) -> bool:
    """Whether `unpacked` knows a codec."""
    return codec in _STREAMING or codec in _HELD


def unpacked(file: pa.NativeFile, start: int, size: int, codec: str) -> Iterator[bytes]:
    """Yield what `size` bytes of a file hold, in chunks that are not empty.

    Codecs are named as in Parquet. Damage is an `OSError`, or the end comes early.
    """
    stored = file.get_stream(start, size)
    if codec in _STREAMING:
        stored = pa.CompressedInputStream(stored, _STREAMING[codec])
    parts = iter(partial(stored.read, _CHUNK_BYTES), b"")
    return _snappy(parts) if codec == "SNAPPY" else parts


class Stream:
    """Bytes that come in chunks, from any place on; going back begins anew."""

    def __init__(self, begin: Callable[[], Iterator[bytes]]) -> None:
        self._begin = begin
        self._chunks, self._held, self._place = begin(), b"", 0

    def read(self, place: int, size: int) -> bytes:
        """Return so many bytes; an `OSError` if they are not there."""
        if place < self._place:
            self._chunks, self._held, self._place = self._begin(), b"", 0
        found = []
        while size:
            start = place - self._place
            some = self._held[start : start + size]
            found.append(some)
            place, size = place + len(some), size - len(some)
            if size:
                self._place += len(self._held)
                self._held = next(self._chunks, b"")
                if not self._held:
                    raise OSError("the end of compressed data comes early")
        return b"".join(found)


def _snappy(parts: Iterable[bytes]) -> Iterator[bytes]:
    out = np.zeros(_BEHIND + _CHUNK_BYTES, np.uint8)
    state, rest = np.array([-1, _BEHIND, 0, 0, 0], np.int64), b""
    for part in chain(parts, [b""]):
        data = rest + part
        if state[_PLACE] < 0:
            # The length, whose last byte is the first below 128.
            ends = [n for n, byte in enumerate(data[:_TAG_BYTES]) if byte < 128]  # noqa: PLR2004
            state[_PLACE] = ends[0] + 1 if ends else len(data)
        padded = np.frombuffer(data + bytes(_TAG_BYTES), np.uint8)
        is_full = True
        while is_full:
            if not _decode(padded, len(data), out, state, not part):
                raise OSError("damaged Snappy data")
            stop = int(state[_AT])
            if stop > _BEHIND:
                yield out[_BEHIND:stop].tobytes()
                out[:_BEHIND] = out[stop - _BEHIND : stop].copy()
            is_full, state[_AT] = stop == len(out), _BEHIND
        rest = data[state[_PLACE] :]
        state[_PLACE] = 0


@njit(nogil=True)
def _decode(data: Any, size: Any, out: Any, state: Any, final: Any) -> Any:
    """Write until no space or no whole tag is left; whether all was sound."""
    place, at, literal, copy, offset = state
    while True:
        if literal:
            step = min(literal, size - place, out.size - at)
            out[at : at + step] = data[place : place + step]
            place, at, literal = place + step, at + step, literal - step
            if literal:
                break
        elif copy:
            step = min(copy, out.size - at)
            for index in range(at, at + step):
                out[index] = out[index - offset]
            at, copy = at + step, copy - step
            if copy:
                break
        elif place >= size or (size - place < _TAG_BYTES and not final):
            break
        else:
            place, literal, copy, offset = _tag(data, place)
            if copy and not 0 < offset <= _BEHIND:
                return False
    state[:] = np.array([place, at, literal, copy, offset])
    return True


@njit(nogil=True)
def _tag(data: Any, place: Any) -> Any:
    """Where a tag ends; bytes of a literal, or of a copy, and how far behind it is."""
    tag = np.int64(data[place])
    place, kind, length = place + 1, tag & 3, tag >> 2
    width: Any = 1 << (kind - 1) if kind else max(0, length - 59)
    value = np.int64(0)
    for index in range(width):
        value |= np.int64(data[place + index]) << (8 * index)
    place += width
    if kind == 0:
        return place, (value if width else length) + 1, np.int64(0), np.int64(0)
    if kind == 1:
        return place, np.int64(0), (length & 7) + 4, (tag >> 5 << 8) | value
    return place, np.int64(0), length + 1, value

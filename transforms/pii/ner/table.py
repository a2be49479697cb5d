"""Distinct byte strings, numbered in the order in which they are first seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit

_EMPTY = -1
_OFFSET, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


def grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    """The array, or a larger copy of it that holds at least `size` rows."""
    if len(array) >= size:
        return array
    larger = np.empty((max(size, len(array) * 3 // 2), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


class ByteTable:
    """An open-addressing hash table on numpy arrays; it grows."""

    def __init__(self) -> None:
        self._slots = np.full(1, _EMPTY, np.int32)
        self._hashes = np.empty(0, np.uint64)
        self._ends = np.zeros(1, np.int64)
        self._bytes = np.empty(0, np.uint8)
        self._count = 0

    def __len__(self) -> int:
        """Strings in the table."""
        return self._count

    @property
    def content(self) -> NDArray[np.uint8]:
        """Bytes of all strings, one after the other."""
        return self._bytes[: self._ends[self._count]]

    def intern(
        self,
        data: NDArray[np.uint8],
        begins: NDArray[np.int64],
        ends: NDArray[np.int64],
        hashes: NDArray[np.uint64],
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Number strings; new ones are added.

        Returns:
            The number of each, int32 (n,), and which of them are new, int64, in the
            order of their numbers.
        """
        before, most = self._count, self._count + len(begins)
        self._hashes = grown(self._hashes, most)
        self._ends = grown(self._ends, most + 1)
        length = int((ends - begins).sum())
        self._bytes = grown(self._bytes, int(self._ends[before]) + length)
        # A power of two, at most half full.
        slots = 1 << (2 * most).bit_length()
        if len(self._slots) < slots:
            self._slots = np.full(slots, _EMPTY, np.int32)
            _rehash(self._slots, self._hashes, before)
        ids = np.empty(len(begins), np.int32)
        new = np.empty(len(begins), np.int64)
        table = self._slots, self._hashes, self._ends, self._bytes
        self._count = _intern(data, begins, ends, hashes, table, (ids, new), before)
        return ids, new[: self._count - before]


@njit(nogil=True)
def hashes_of(data: Any, begins: Any, ends: Any) -> Any:
    """Hash of each byte string, uint64; different ones may share one."""
    hashes = np.empty(len(begins), np.uint64)
    for i in range(len(begins)):
        value = _OFFSET
        for at in range(begins[i], ends[i]):
            value = (value ^ np.uint64(data[at])) * _PRIME
            value ^= value >> _SHIFT
        hashes[i] = value
    return hashes


@njit(nogil=True)
def _equal(data: Any, begin: Any, other: Any, other_begin: Any, length: Any) -> Any:
    for i in range(length):  # noqa: SIM110 - a loop is what numba compiles
        if data[begin + i] != other[other_begin + i]:
            return False
    return True


@njit(nogil=True)
def _intern(
    data: Any, begins: Any, ends: Any, hashes: Any, table: Any, out: Any, count: Any
) -> Any:
    slots, known, stops, content = table
    ids, new = out
    mask = np.uint64(len(slots) - 1)
    before = count
    for i in range(len(hashes)):
        begin, length = begins[i], ends[i] - begins[i]
        place = hashes[i] & mask
        while True:
            entry = slots[place]
            if entry < 0:
                slots[place] = count
                known[count] = hashes[i]
                base = stops[count]
                content[base : base + length] = data[begin : begin + length]
                stops[count + 1] = base + length
                new[count - before] = i
                entry = count
                count += 1
                break
            # A hash may be shared: the bytes decide.
            base = stops[entry]
            if (
                known[entry] == hashes[i]
                and stops[entry + 1] - base == length
                and _equal(data, begin, content, base, length)
            ):
                break
            place = (place + np.uint64(1)) & mask
        ids[i] = entry
    return count


@njit(nogil=True)
def _rehash(slots: Any, hashes: Any, count: Any) -> None:
    mask = np.uint64(len(slots) - 1)
    for entry in range(count):
        place = hashes[entry] & mask
        while slots[place] >= 0:
            place = (place + np.uint64(1)) & mask
        slots[place] = entry

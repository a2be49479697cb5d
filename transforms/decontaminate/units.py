"""Texts cut into units, words or characters, that are told apart exactly.

`transforms.units` decides which. Hashes find a unit; its bytes decide whether it is the
same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from isinglass.transforms.text import string_buffers
from isinglass.transforms.units import BYTES, class_table, cut_units, find_spans

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

UNKNOWN = -1
"""Number of a unit that the vocabulary does not hold."""


class Vocabulary(NamedTuple):
    """The distinct units of all items, numbered in order of their first use.

    Attributes:
        data: uint8, the bytes of all units, one after another.
        offsets: int64 (v + 1,); unit i is `data[offsets[i]:offsets[i + 1]]`.
        hashes: uint64 (v,), hash of each unit. That of a word differs from that of the
            same character as a unit of its own.
        slots: int32, a power of two of them; number of a unit or -1. A unit lies in the
            first free slot from the one that the high bits of its hash name.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    slots: NDArray[np.int32]


@njit(cache=True, nogil=True)
def _equal_bytes(one: Any, start: Any, other: Any, begin: Any, size: Any) -> Any:
    for index in range(size):  # noqa: SIM110 - numba compiles no generators
        if one[start + index] != other[begin + index]:
            return False
    return True


@njit(cache=True, nogil=True)
def _first_slot(value: Any, slots: Any) -> Any:
    shift = np.uint64(64)
    while np.uint64(1) << (np.uint64(64) - shift) < np.uint64(slots.size):
        shift -= np.uint64(1)
    return np.int64(value >> shift)


@njit(cache=True, nogil=True)
def find_unit(value: Any, data: Any, start: Any, stop: Any, known: Any) -> Any:
    """Return (number of a unit or `UNKNOWN`, slot where it is or would go).

    Two units with one hash have numbers of their own: their bytes are compared.
    """
    mask = known.slots.size - 1
    slot = _first_slot(value, known.slots)
    while True:
        number = np.int64(known.slots[slot])
        if number < 0:
            return np.int64(UNKNOWN), slot
        if known.hashes[number] == value:
            begin = known.offsets[number]
            size = known.offsets[number + 1] - begin
            if size == stop - start and _equal_bytes(
                data, start, known.data, begin, size
            ):
                return number, slot
        slot = (slot + 1) & mask


@njit(cache=True, nogil=True)
def _number_units(data: Any, offsets: Any, classes: Any, known: Any, out: Any) -> Any:
    """Number the units of all texts, entering new ones; returns how many there are.

    `out` takes the units' numbers and hashes, and the end of each text's units.
    """
    numbers, hashes, ends = out
    spans = np.empty((hashes.size, 2), np.int64)
    size = distinct = np.int64(0)
    for row in range(offsets.size - 1):
        start, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        place = hashes[size:]
        count, characters = cut_units(data, start, stop, classes, place)
        find_spans(data, (start, stop), classes, characters, BYTES, spans)
        for index in range(count):
            begin, end = spans[index, 0], spans[index, 1]
            number, slot = find_unit(place[index], data, begin, end, known)
            if number < 0:
                number = distinct
                base = known.offsets[number]
                for byte in range(end - begin):
                    known.data[base + byte] = data[begin + byte]
                known.offsets[number + 1] = base + end - begin
                known.hashes[number] = place[index]
                known.slots[slot] = number
                distinct += 1
            numbers[size + index] = number
        size += count
        ends[row + 1] = size
    return distinct


class Units(NamedTuple):
    """Texts as units.

    Attributes:
        numbers: int32, units of all texts by their number in `vocabulary`.
        hashes: uint64, their hashes.
        offsets: int64 (n + 1,); text i owns `numbers[offsets[i]:offsets[i + 1]]`.
    """

    numbers: NDArray[np.int32]
    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    vocabulary: Vocabulary


def number_units(normalised: pa.StringArray) -> Units:
    """Cut normalised texts into units and number the distinct ones."""
    data, offsets = string_buffers(normalised)
    size = int(offsets[-1]) - int(offsets[0])
    # At most every other byte ends a word, and one more is written than counts.
    most = (size + len(normalised)) // 2 + 2
    known = Vocabulary(
        np.empty(size, np.uint8),
        np.zeros(most + 1, np.int64),
        np.empty(most, np.uint64),
        np.full(power_of_two(2 * most), UNKNOWN, np.int32),
    )
    numbers, hashes = np.empty(most, np.int32), np.empty(most, np.uint64)
    ends = np.zeros(len(normalised) + 1, np.int64)
    out = (numbers, hashes, ends)
    distinct = _number_units(data, offsets, class_table(), known, out)
    vocabulary = _trim(known, distinct)
    return Units(numbers[: ends[-1]], hashes[: ends[-1]], ends, vocabulary)


@njit(cache=True, nogil=True)
def _fill_slots(hashes: Any, slots: Any) -> None:
    for number in range(hashes.size):
        slot = _first_slot(hashes[number], slots)
        while slots[slot] >= 0:
            slot = (slot + 1) & (slots.size - 1)
        slots[slot] = number


def _trim(known: Vocabulary, distinct: int) -> Vocabulary:
    """Leave out what was held ready for more units."""
    hashes = known.hashes[:distinct].copy()
    slots = np.full(power_of_two(2 * distinct), UNKNOWN, np.int32)
    _fill_slots(hashes, slots)
    offsets = known.offsets[: distinct + 1].copy()
    return Vocabulary(known.data[: offsets[-1]].copy(), offsets, hashes, slots)


def power_of_two(least: int) -> int:
    """Return the smallest power of two that is at least `least`, and at least 2."""
    return 1 << max(1, (least - 1).bit_length())

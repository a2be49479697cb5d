"""Texts cut into units that are told apart exactly.

`transforms.units` decides which. Hashes find a unit; its bytes decide whether it is the
same one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers, Words
from isinglass.transforms.characters import class_table
from isinglass.transforms.compiled import njit
from isinglass.transforms.text import string_buffers
from isinglass.transforms.units import BYTES, cut_units, find_spans

UNKNOWN = -1
"""Number of a unit that the vocabulary does not hold."""


class Vocabulary(NamedTuple):
    """The distinct units of all items, numbered in order of their first use.

    Attributes:
        data: uint8, the bytes of all units, one after another.
        offsets: int64 (v + 1,); unit i is `data[offsets[i]:offsets[i + 1]]`.
        hashes: uint64 (v,), hash of each unit.
        slots: int32, a power of two of them; number of a unit or -1. A unit lies in the
            first free slot from the one that the high bits of its hash name.
    """

    data: NDArray[np.uint8]
    offsets: Integers
    hashes: Words
    slots: NDArray[np.int32]


@njit(nogil=True)
def _equal_bytes(one: Any, start: Any, other: Any, begin: Any, size: Any) -> Any:
    for index in range(size):  # noqa: SIM110 - numba compiles no generators
        if one[start + index] != other[begin + index]:
            return False
    return True


@njit(nogil=True)
def _first_slot(value: Any, slots: Any) -> Any:
    shift = np.uint64(64)
    while np.uint64(1) << (np.uint64(64) - shift) < np.uint64(slots.size):
        shift -= np.uint64(1)
    return np.int64(value >> shift)


@njit(nogil=True)
def find_unit(value: Any, data: Any, start: Any, stop: Any, known: Any) -> Any:
    """Return the number of a unit or `UNKNOWN`.

    Two units with one hash have numbers of their own: their bytes are compared.
    """
    mask = known.slots.size - 1
    slot = _first_slot(value, known.slots)
    while True:
        number = np.int64(known.slots[slot])
        if number < 0:
            return np.int64(UNKNOWN)
        if known.hashes[number] == value:
            begin = known.offsets[number]
            size = known.offsets[number + 1] - begin
            if size == stop - start and _equal_bytes(
                data, start, known.data, begin, size
            ):
                return number
        slot = (slot + 1) & mask


@njit(nogil=True)
def _cut_rows(texts: Any, classes: Any, hashes: Any, spans: Any, ends: Any) -> None:
    """Write hash and place of each unit, and ends of texts."""
    data, offsets = texts
    size = np.int64(0)
    for row in range(offsets.size - 1):
        start, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        count, _ = cut_units(data, start, stop, classes, hashes[size:])
        find_spans(data, (start, stop), classes, BYTES, spans[size:])
        size += count
        ends[row + 1] = size


class Units(NamedTuple):
    """Texts as units.

    Attributes:
        numbers: int32, units of all texts by their number in `vocabulary`.
        hashes: uint64, their hashes.
        offsets: int64 (n + 1,); text i owns `numbers[offsets[i]:offsets[i + 1]]`.
    """

    numbers: NDArray[np.int32]
    hashes: Words
    offsets: Integers
    vocabulary: Vocabulary


def number_units(normalised: pa.StringArray) -> Units:
    """Cut normalised texts into units and number the distinct ones."""
    data, offsets = texts = string_buffers(normalised)
    size = int(offsets[-1]) - int(offsets[0])
    # At most every other byte ends a unit, and one more is written than counts.
    most = (size + len(normalised)) // 2 + 2
    hashes, spans = np.empty(most, np.uint64), np.empty((most, 2), np.int32)
    ends = np.zeros(len(normalised) + 1, np.int64)
    _cut_rows(texts, class_table(), hashes, spans, ends)
    hashes, spans = hashes[: ends[-1]], spans[: ends[-1]]
    # Every other of these strings is what lies between two units.
    count = max(0, spans.size - 1)
    strings = pa.StringArray.from_buffers(
        count, pa.py_buffer(spans), pa.py_buffer(data)
    )
    strings = strings.take(pa.array(np.arange(0, count, 2)))
    numbers = strings.dictionary_encode().indices.to_numpy()
    _, first = np.unique(numbers, return_index=True)
    names, bounds = string_buffers(strings.take(pa.array(first)))
    slots = np.full(power_of_two(2 * len(first)), UNKNOWN, np.int32)
    _fill_slots(hashes[first], slots)
    vocabulary = Vocabulary(
        names[: bounds[-1]], bounds.astype(np.int64), hashes[first], slots
    )
    return Units(numbers, hashes, ends, vocabulary)


@njit(nogil=True)
def _fill_slots(hashes: Any, slots: Any) -> None:
    for number in range(hashes.size):
        slot = _first_slot(hashes[number], slots)
        while slots[slot] >= 0:
            slot = (slot + 1) & (slots.size - 1)
        slots[slot] = number


def power_of_two(least: int) -> int:
    """Return the smallest power of two that is at least `least`, and at least 2."""
    return 1 << max(1, (least - 1).bit_length())

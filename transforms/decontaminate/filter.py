"""Which documents may hold an item: runs of units that begin or are part of one.

Nearly all documents hold no item, so that what decides their cost is a bit array which
stays in the processor's cache. A document that passes is looked at exactly afterwards;
one that does not pass holds no item.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers, Words
from isinglass.transforms.compiled import njit
from isinglass.transforms.decontaminate.units import power_of_two
from isinglass.transforms.units import mix

SHORTEST = 5
"""Units of the shortest item that is looked for."""

_BITS_A_HASH = 16
# As in `dedup.shingles`: odd and 3 modulo 8.
_RADIX = np.uint64(0x9E3779B97F4A7C1B)
_WORD_BITS, _WORD_MASK = np.uint64(6), np.uint64(63)
_ONE = np.uint64(1)


class RunFilter(NamedTuple):
    """Hashes of runs of units that occur in items.

    Attributes:
        ngram: int64 (1,), units in a run of an item that has as many or more.
        ngram_bits: uint64, a bit set by each of these runs.
        runs: uint64, an open-addressing table of their hashes and of those of whole
            shorter items; 0 is an empty slot.
        start_bits: uint64, a bit set by the first `SHORTEST` units of each shorter
            item.
        starts: uint64 (p,), hashes of these first units, ascending.
        bounds: int32 (p + 1,); items that begin with `starts[i]` have the lengths
            `lengths[bounds[i]:bounds[i + 1]]`.
        lengths: int32, units of shorter items.
    """

    ngram: Integers
    ngram_bits: Words
    runs: Words
    start_bits: Words
    starts: Words
    bounds: NDArray[np.int32]
    lengths: NDArray[np.int32]


@njit(nogil=True)
def run_hash(units: Any, start: Any, size: Any) -> Any:
    """Hash of `size` units from `start` on; never 0."""
    value = np.uint64(0)
    for index in range(start, start + size):
        value = value * _RADIX + units[index]
    return max(mix(value), _ONE)


@njit(nogil=True)
def _has_run(runs: Any, value: Any) -> Any:
    # Bits from the high half: the low ones chose the bit that led here.
    mask = np.uint64(runs.size - 1)
    slot = (value >> np.uint64(32)) & mask
    while runs[slot] != np.uint64(0):
        if runs[slot] == value:
            return True
        slot = (slot + _ONE) & mask
    return False


@njit(nogil=True)
def _holds_whole(units: Any, start: Any, value: Any, known: Any) -> Any:
    """Tell whether a shorter item with these first units may stand at `start`."""
    place = np.searchsorted(known.starts, value)
    if place == known.starts.size or known.starts[place] != value:
        return False
    for index in range(known.bounds[place], known.bounds[place + 1]):
        size = np.int64(known.lengths[index])
        if start + size > units.size:
            continue
        if _has_run(known.runs, run_hash(units, start, size)):
            return True
    return False


@njit(nogil=True)
def _holds(units: Any, size: Any, bits: Any, starts: Any, known: Any) -> Any:
    """Tell whether a run of `size` units is known; with `starts`, whether it begins."""
    if units.size < size:
        return False
    power = _ONE
    for _ in range(size):
        power *= _RADIX
    rolling = leaving = np.uint64(0)
    for index in range(size - 1):
        rolling = rolling * _RADIX + units[index]
    for start in range(units.size - size + 1):
        rolling = rolling * _RADIX + units[start + size - 1] - leaving * power
        leaving = units[start]
        value = mix(rolling)
        word = bits[(value >> _WORD_BITS) & np.uint64(bits.size - 1)]
        if not (word >> (value & _WORD_MASK)) & _ONE:
            continue
        value = max(value, _ONE)
        if starts.size:
            if _holds_whole(units, start, value, known):
                return True
        elif _has_run(known.runs, value):
            return True
    return False


@njit(nogil=True)
def may_hold_item(units: Any, known: Any) -> Any:
    """Tell whether a document with these hashes of units may hold an item."""
    if _holds(units, known.ngram[0], known.ngram_bits, known.starts[:0], known):
        return True
    if known.starts.size == 0:
        return False
    return _holds(units, SHORTEST, known.start_bits, known.starts, known)


@njit(nogil=True)
def _hash_runs(
    hashes: Any, offsets: Any, chosen: Any, ngram: Any, runs: Any, starts: Any
) -> Any:
    """Hash the runs of the chosen items; returns how many there are.

    An item shorter than `ngram` is one run, and `starts` takes the hash of its begin.
    """
    count = np.int64(0)
    for place in range(chosen.size):
        item = chosen[place]
        units = hashes[offsets[item] : offsets[item + 1]]
        if units.size < ngram:
            runs[count] = run_hash(units, 0, units.size)
            starts[place] = run_hash(units, 0, SHORTEST)
            count += 1
            continue
        for start in range(units.size - ngram + 1):
            runs[count] = run_hash(units, start, ngram)
            count += 1
    return count


@njit(nogil=True)
def _enter_runs(values: Any, runs: Any) -> None:
    mask = np.uint64(runs.size - 1)
    for index in range(values.size):
        slot = (values[index] >> np.uint64(32)) & mask
        while runs[slot] != np.uint64(0):
            slot = (slot + _ONE) & mask
        runs[slot] = values[index]


def _bits_of(values: Words) -> Words:
    bits = np.zeros(power_of_two(len(values) * _BITS_A_HASH // 64), np.uint64)
    words = (values >> _WORD_BITS) & np.uint64(bits.size - 1)
    np.bitwise_or.at(bits, words, _ONE << (values & _WORD_MASK))
    return bits


def build_filter(
    hashes: Words, offsets: Integers, chosen: Integers, ngram: int
) -> RunFilter:
    """Build the filter of the chosen items, of at least `SHORTEST` units each.

    Of all items, i has the units `hashes[offsets[i]:offsets[i + 1]]`.
    """
    sizes = np.diff(offsets)[chosen]
    runs = np.empty(int(np.maximum(sizes - ngram + 1, 1).sum()), np.uint64)
    starts = np.zeros(len(chosen), np.uint64)
    runs = runs[: _hash_runs(hashes, offsets, chosen, ngram, runs, starts)]
    short = sizes < ngram
    distinct = np.unique(runs)
    # Two slots a run and never a full table.
    table = np.zeros(power_of_two(2 * len(distinct) + 2), np.uint64)
    _enter_runs(distinct, table)
    pairs = np.zeros(int(short.sum()), [("start", np.uint64), ("length", np.int32)])
    pairs["start"], pairs["length"] = starts[short], sizes[short]
    pairs = np.unique(pairs)
    begins, first = np.unique(pairs["start"], return_index=True)
    return RunFilter(
        ngram=np.array([ngram], np.int64),
        ngram_bits=_bits_of(distinct),
        runs=table,
        start_bits=_bits_of(begins),
        starts=begins,
        bounds=np.append(first, len(pairs)).astype(np.int32),
        lengths=np.ascontiguousarray(pairs["length"]),
    )

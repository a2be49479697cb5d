"""Two sequences of units side by side: which stretches stand opposite each other.

Long sequences are pinned where a run of keys occurs once in each (patience
sorting, as version control systems do), first long runs, then shorter ones between
them, so that the cost stays near linear; short rests are compared in full.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from isinglass.schemas.arrays import Words

_MOST_CELLS = 250_000
"""Largest product of two lengths that is compared in full (some tens of ms)."""
_PIN_SIZES = (16, 4, 1)
_RADIX = np.uint64(0x9E3779B97F4A7C1B)

Run = tuple[int, int, int]
"""First unit of an equal run on the left, on the right, and its length."""


@dataclass(frozen=True)
class Stretch:
    """First unit and one past the last of a part of each of two sequences.

    Either part may be empty, not both; `equal` says whether they are, unit by unit.
    """

    left: tuple[int, int]
    right: tuple[int, int]
    equal: bool


def align(left: Words, right: Words) -> list[Stretch]:
    """Cut two sequences of keys into parts that stand opposite each other.

    No two neighbours are alike in `equal`. The left parts join to the left sequence,
    the right parts to the right one.
    """
    blocks = [*_equal_runs(left, right, _PIN_SIZES), (len(left), len(right), 0)]
    found: list[Stretch] = []
    at, to = 0, 0
    for begin, opposite, length in blocks:
        first, second = begin, opposite
        if at < begin or to < opposite:
            found.append(Stretch((at, begin), (to, opposite), equal=False))
        elif found and length:
            # It goes on from an equal one.
            before = found.pop()
            first, second = before.left[0], before.right[0]
        at, to = begin + length, opposite + length
        if length:
            found.append(Stretch((first, at), (second, to), equal=True))
    return found


def _equal_runs(left: Words, right: Words, sizes: tuple[int, ...]) -> Iterator[Run]:
    """Yield equal runs, in order; pins are runs of `sizes` units, the longest first."""
    head = _common_prefix(left, right)
    if head:
        yield 0, 0, head
    left, right = left[head:], right[head:]
    tail = _common_prefix(left[::-1], right[::-1])
    end, stop = len(left) - tail, len(right) - tail
    for run in _inner_runs(left[:end], right[:stop], sizes):
        yield _moved(run, head, head)
    if tail:
        yield head + end, head + stop, tail


def _inner_runs(left: Words, right: Words, sizes: tuple[int, ...]) -> Iterator[Run]:
    if not len(left) or not len(right):
        return
    if len(left) * len(right) <= _MOST_CELLS:
        matcher = SequenceMatcher(None, left.tolist(), right.tolist(), autojunk=False)
        blocks = matcher.get_matching_blocks()
        yield from ((run.a, run.b, run.size) for run in blocks if run.size)
    elif sizes:
        at, to = 0, 0
        pins = _pins(_windows(left, sizes[0]), _windows(right, sizes[0]))
        for pin, opposite in [*pins, (len(left), len(right))]:
            # The run of an earlier pin may have taken in this one.
            if pin < at or opposite < to:
                continue
            gap = left[at:pin], right[to:opposite]
            for run in _equal_runs(*gap, sizes[1:]):
                yield _moved(run, at, to)
            length = _common_prefix(left[pin:], right[opposite:])
            if length:
                yield pin, opposite, length
            at, to = pin + length, opposite + length


def _moved(run: Run, left: int, right: int) -> Run:
    return run[0] + left, run[1] + right, run[2]


def _windows(keys: Words, size: int) -> Words:
    """A hash of each `size` neighbouring keys; shape (n - size + 1,), or empty."""
    count = max(0, len(keys) - size + 1)
    value = np.zeros(count, np.uint64)
    for offset in range(size):
        value = value * _RADIX + keys[offset : offset + count]
    return value


def _common_prefix(left: Words, right: Words) -> int:
    """Number of first units that are equal."""
    most = min(len(left), len(right))
    size = 64
    # In growing steps: most runs are short, and a few go on for the whole text.
    done = 0
    while done < most:
        stop = min(done + size, most)
        differ = np.flatnonzero(left[done:stop] != right[done:stop])
        if len(differ):
            return done + int(differ[0])
        done, size = stop, size * 4
    return most


def _pins(left: Words, right: Words) -> list[tuple[int, int]]:
    """Places of keys that occur once in both, in an order that both have."""
    one, first, times = np.unique(left, return_index=True, return_counts=True)
    other, second, others = np.unique(right, return_index=True, return_counts=True)
    one, first = one[times == 1], first[times == 1]
    other, second = other[others == 1], second[others == 1]
    _, here, there = np.intersect1d(one, other, return_indices=True)
    first, second = first[here], second[there]
    order = np.argsort(first)
    first, second = first[order], second[order]
    chosen = _longest_increasing(second.tolist())
    return list(zip(first[chosen].tolist(), second[chosen].tolist(), strict=True))


def _longest_increasing(values: list[int]) -> list[int]:
    """Indices of a longest ascending subsequence of distinct values."""
    tops: list[int] = []
    top_index: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        pile = bisect_left(tops, value)
        before.append(top_index[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(value)
            top_index.append(index)
        else:
            tops[pile] = value
            top_index[pile] = index
    chosen = []
    index = top_index[-1] if top_index else -1
    while index >= 0:
        chosen.append(index)
        index = before[index]
    return chosen[::-1]

"""Runs of digit groups in a batch: everything that could hold a telephone number."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.gate import Windows
from isinglass.transforms.text import decode

LEAST_DIGITS = 7
"""Shorter runs are years, prices and pages far more often than numbers to call."""

MOST_DIGITS = 17
"""ITU-T E.164 allows at most 15 digits; two more leave room for a prefix."""

MOST_SEPARATORS = 4
"""Characters between two groups of one number, such as in `(030) - 1234567`."""

LIKE_ASCII: dict[int, str] = {
    **dict.fromkeys((0xA0, 0x2007, 0x2009, 0x200A, 0x202F, 0x3000), " "),
    **dict.fromkeys((*range(0x2010, 0x2016), 0xFF0D), "-"),
    0xFF08: "(",
    0xFF09: ")",
    0xFF0B: "+",
    0xFF0E: ".",
    0xFF0F: "/",
}
"""Full width marks, other blanks and hyphens, and what they stand for."""

_DIGITS, _SEPARATORS = "0123456789", " -./()"
_NONE, _DIGIT, _SEPARATOR, _BRACKET, _PLUS = range(5)
_SMALL = 0x10000
_ASCII = 0x80
_HEAD, _CONTINUATION = 0xC0, 0x80
_MOST_LEADS = 3


def digit_runs(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int32],
    places: NDArray[np.int64],
) -> Windows:
    """Find every run of at least `LEAST_DIGITS` digits.

    Digits are ASCII ones, which stand at `places`; separators are blanks, hyphens,
    dots, slashes and round brackets, and what `LIKE_ASCII` takes for one; a tab is
    none, it separates columns. A run is of one line of one text, and starts with a `+`
    or `(` that leads it.
    """
    return Windows(*_runs(data, offsets, places, _kinds()))


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each code point of the basic plane is in a run."""
    kinds = np.zeros(_SMALL, np.uint8)
    kinds[[ord(char) for char in _DIGITS]] = _DIGIT
    kinds[[ord(char) for char in _SEPARATORS]] = _SEPARATOR
    kinds[ord("(")], kinds[ord("+")] = _BRACKET, _PLUS
    for point, char in LIKE_ASCII.items():
        kinds[point] = kinds[ord(char)]
    kinds.flags.writeable = False
    return kinds


@njit(nogil=True)
def _kind(data: Any, position: Any, kinds: Any) -> Any:
    """Kind and bytes of the character that begins here."""
    byte = data[position]
    if byte < _ASCII:
        return kinds[byte], 1
    point, size = decode(data, position)
    return (kinds[point] if point < _SMALL else kinds[0]), size


@njit(nogil=True)
def _run(data: Any, position: Any, stop: Any, kinds: Any) -> Any:
    """End of the run whose first digit is at `position`, and its digits."""
    digits, separators = 0, 0
    end = position
    while position < stop:
        kind, size = _kind(data, position, kinds)
        if kind == _DIGIT:
            digits += 1
            separators = 0
            end = position + size
        else:
            separators += 1
            apart = kind in (_SEPARATOR, _BRACKET)
            if not apart or separators > MOST_SEPARATORS:
                break
        position += size
    return end, digits


@njit(nogil=True)
def _lead(data: Any, position: Any, start: Any, kinds: Any) -> Any:
    """Where `+`, `(` or both, right before the first digit, begin."""
    for _ in range(_MOST_LEADS):
        before = position - 1
        while before > start and (data[before] & _HEAD) == _CONTINUATION:
            before -= 1
        if before < start:
            break
        kind, _size = _kind(data, before, kinds)
        if kind not in (_BRACKET, _PLUS):
            break
        position = before
    return position


@njit(nogil=True)
def _runs(data: Any, offsets: Any, places: Any, kinds: Any) -> Any:
    found = np.empty((256, 4), np.int64)
    count, row, points = 0, -1, 0
    left, counted, stop = np.int64(0), np.int64(0), np.int64(0)
    for place in places:
        if place >= stop:
            while offsets[row + 1] <= place:
                row += 1
            left, counted, points = np.int64(offsets[row]), np.int64(offsets[row]), 0
            stop = np.int64(offsets[row + 1])
        if place < left:
            continue
        end, digits = _run(data, place, stop, kinds)
        if digits >= LEAST_DIGITS:
            start = _lead(data, place, left, kinds)
            for at in range(counted, start):
                points += (data[at] & _HEAD) != _CONTINUATION
            counted = start
            if count == len(found):
                found = np.concatenate((found, np.empty_like(found)))
            found[count] = np.array([row, start, end, points])
            count += 1
        left = end
    columns = found[:count].T.copy()
    return columns[0], columns[1], columns[2], columns[3]

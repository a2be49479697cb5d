"""Where in a batch many digits stand close together: all that gates of numbers see.

Most gates are those of numbers, and each costs time on every byte. Few bytes of a text
stand near as many digits as the shortest of these numbers has.
"""

from __future__ import annotations

from re import _parser  # type: ignore[attr-defined]  # how patterns are built
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit

_DIGITS = 6
_REACH = 48
"""Bytes that hold the digits, and the whole of a match, borders too."""

_BREAK = 0x0A
_ZERO, _NINE = 0x30, 0x39


class Stretches(NamedTuple):
    """Copies of the stretches near close digits, a line break behind each.

    Attributes:
        data: uint8, the copies.
        places: int64 (n,), where each copy begins.
        starts: int64 (n,), where each stretch begins in the batch.
        stops: int64 (n,), exclusive.
    """

    data: NDArray[np.uint8]
    places: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    def in_batch(self, ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where in the batch ends of matches lie; a line break is in no stretch."""
        at = np.searchsorted(self.places, ends - 1, side="right") - 1
        in_batch: NDArray[np.int64] = self.starts[at] + ends - self.places[at]
        return np.minimum(in_batch, self.stops[at], out=in_batch)


def needs_close_digits(expression: str) -> bool:
    """Whether no match of a pattern lies outside of the stretches.

    Args:
        expression: Byte pattern of the gate.
    """
    parsed = _parser.parse(expression)
    return parsed.getwidth()[1] <= _REACH and _least_digits(parsed) >= _DIGITS


def _least_digits(parsed: Any) -> int:
    """How many characters of a match are digits, at the least."""
    total = 0
    for kind, value in parsed:
        name = str(kind)
        if name == "BRANCH":
            total += min(map(_least_digits, value[1]))
        elif name == "SUBPATTERN":
            total += _least_digits(value[-1])
        elif name == "MAX_REPEAT":
            total += value[0] * _least_digits(value[2])
        elif name == "IN":
            total += all(map(_is_digits, value))
        else:
            total += _is_digits((kind, value))
    return total


def _is_digits(item: tuple[Any, Any]) -> bool:
    """Whether a literal or a range of characters holds nothing but digits."""
    kind, value = item
    low, high = value if str(kind) == "RANGE" else (value, value)
    return str(kind) in ("LITERAL", "RANGE") and low >= _ZERO and high <= _NINE


def near_close_digits(
    data: NDArray[np.uint8], offsets: NDArray[np.signedinteger]
) -> Stretches:
    """What lies near digits of a text that stand close together.

    Args:
        data: Texts of a batch, one behind the other.
        offsets: Where each begins in `data`, and the end of the last.
    """
    most = len(data) // _REACH + len(offsets)
    starts, stops = np.empty(most, np.int64), np.empty(most, np.int64)
    count = _find(data, offsets, starts, stops)
    starts, stops = starts[:count], stops[:count]
    places = np.zeros(count, np.int64)
    lengths = stops - starts + 1
    np.cumsum(lengths[:-1], out=places[1:])
    copies = np.full(int(lengths.sum()), _BREAK, np.uint8)
    _copy(data, starts, stops, copies)
    return Stretches(copies, places, starts, stops)


@njit(nogil=True)
def _find(data: Any, offsets: Any, starts: Any, stops: Any) -> Any:
    """Write down where stretches begin and end, and return how many there are."""
    count = 0
    last = np.empty(_DIGITS, np.int64)
    for text in range(len(offsets) - 1):
        low, high = offsets[text], offsets[text + 1]
        # As if digits stood out of reach before the text.
        last[:] = low - _REACH
        oldest = 0
        stop = low - 1
        for place in range(low, high):
            if data[place] > _NINE or data[place] < _ZERO:
                continue
            last[oldest] = place
            oldest = (oldest + 1) % _DIGITS
            if place - last[oldest] >= _REACH:
                continue
            start = max(last[oldest] - _REACH, low)
            if start > stop:
                starts[count] = start
                count += 1
            stop = min(place + _REACH, high)
            stops[count - 1] = stop
    return count


@njit(nogil=True)
def _copy(data: Any, starts: Any, stops: Any, copies: Any) -> None:
    size = 0
    for start, stop in zip(starts, stops):  # noqa: B905 - numba knows no strict
        copies[size : size + stop - start] = data[start:stop]
        size += stop - start + 1

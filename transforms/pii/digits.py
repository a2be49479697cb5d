"""Where in a batch digits stand: all that gates of numbers see, and words before them.

Most gates are those of numbers, and each costs time on every byte. Few bytes of a text
stand near as many digits as the shortest of these numbers has.
"""

from __future__ import annotations

from re import _parser  # type: ignore[attr-defined]  # how patterns are built
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.rules import CONTEXT_CHARS

_CLOSE = 6
"""Digits of the shortest numbers that are looked for near close digits alone."""

_REACH = 32
"""Bytes that hold these digits, and the whole of a match, borders too."""

_LEAD_CHARS = 32
"""How far from the beginning of a number its first digit may be."""

_BREAK = 0x0A
_ZERO, _NINE = 0x30, 0x39
_HEAD, _CONTINUATION = 0xC0, 0x80


class Stretches(NamedTuple):
    """Copies of stretches of a batch, a line break behind each.

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

    @classmethod
    def of(
        cls,
        data: NDArray[np.uint8],
        starts: NDArray[np.int64],
        stops: NDArray[np.int64],
    ) -> Stretches:
        """Copy stretches of a batch, given where they begin and end."""
        places = np.zeros(len(starts), np.int64)
        lengths = stops - starts + 1
        np.cumsum(lengths[:-1], out=places[1:])
        copies = np.full(int(lengths.sum()), _BREAK, np.uint8)
        _copy(data, starts, stops, copies)
        return cls(copies, places, starts, stops)

    def at(self, ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """In which stretch each match ends."""
        return np.searchsorted(self.places, ends - 1, side="right") - 1

    def in_batch(self, ends: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where in the batch ends of matches lie; a line break is in no stretch."""
        at = self.at(ends)
        in_batch: NDArray[np.int64] = self.starts[at] + ends - self.places[at]
        return np.minimum(in_batch, self.stops[at], out=in_batch)


def needs_close_digits(expression: str) -> bool:
    """Whether no match of a pattern lies outside of the stretches.

    Args:
        expression: Byte pattern of the gate.
    """
    widest = _parser.parse(expression).getwidth()[1]
    return widest <= _REACH and least_digits(expression) >= _CLOSE


def least_digits(expression: str) -> int:
    """How many characters of a match are digits, at the least; 0 if it is not known."""
    try:
        return _least_digits(_parser.parse(expression))
    except _parser.error:
        # Of the `regex` module, in which more can be written.
        return 0


def _least_digits(parsed: Any) -> int:
    total = 0
    for kind, value in parsed:
        name = str(kind)
        if name == "BRANCH":
            total += min(map(_least_digits, value[1]))
        elif name == "SUBPATTERN":
            total += _least_digits(value[-1])
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            total += value[0] * _least_digits(value[2])
        elif name == "IN":
            total += all(map(_is_digits, value))
        else:
            total += _is_digits((kind, value))
    return total


def _is_digits(item: tuple[Any, Any]) -> bool:
    """Whether a literal or a range of characters holds nothing but digits."""
    kind, value = item
    if str(kind) == "CATEGORY":
        return str(value) == "CATEGORY_DIGIT"
    low, high = value if str(kind) == "RANGE" else (value, value)
    return str(kind) in ("LITERAL", "RANGE") and low >= _ZERO and high <= _NINE


def digit_places(
    data: NDArray[np.uint8], offsets: NDArray[np.signedinteger]
) -> NDArray[np.int64]:
    """Where in `data` ASCII digits of texts stand.

    Args:
        data: Texts of a batch, one behind the other, perhaps among others.
        offsets: Where each begins in `data`, and the end of the last.
    """
    low, high = int(offsets[0]), int(offsets[-1])
    # What is below 0 becomes more than 9.
    places = np.flatnonzero(data[low:high] - np.uint8(_ZERO) <= _NINE - _ZERO)
    places += low
    return places


def near_close_digits(
    data: NDArray[np.uint8],
    offsets: NDArray[np.signedinteger],
    places: NDArray[np.int64],
) -> Stretches:
    """What lies near digits of a text that stand close together.

    Args:
        data: Texts of a batch, one behind the other.
        offsets: Where each begins in `data`, and the end of the last.
        places: Where digits stand.
    """
    return Stretches.of(data, *_near_close(offsets, places))


def before_digits(
    data: NDArray[np.uint8],
    offsets: NDArray[np.signedinteger],
    places: NDArray[np.int64],
) -> Stretches:
    """What stands so close before a digit that it may name a number."""
    return Stretches.of(data, *_before(data, offsets, places))


@njit(nogil=True)
def _near_close(offsets: Any, places: Any) -> Any:
    """Where stretches begin and end."""
    starts = np.empty(len(places) // _CLOSE + 1, np.int64)
    stops = np.empty_like(starts)
    count, text = 0, 0
    for last in range(_CLOSE - 1, len(places)):
        first, place = places[last - _CLOSE + 1], places[last]
        if place - first >= _REACH:
            continue
        while offsets[text + 1] <= place:
            text += 1
        low, high = np.int64(offsets[text]), np.int64(offsets[text + 1])
        if first < low:
            continue
        # All that holds these digits and is not too long.
        start, stop = max(place - _REACH + 1, low), min(first + _REACH, high)
        # Of the same text: the last one may end where this text begins.
        if count and starts[count - 1] >= low and start <= stops[count - 1]:
            stops[count - 1] = stop
        else:
            starts[count], stops[count] = start, stop
            count += 1
    return starts[:count], stops[:count]


@njit(nogil=True)
def _chars_before(data: Any, place: Any, bound: Any) -> Any:
    """How far what is looked at before a place reaches, at most to a bound."""
    start, wanted = place, CONTEXT_CHARS + _LEAD_CHARS
    while wanted and start > bound:
        low = max(bound, start - wanted)
        inside = 0
        for byte in data[low:start]:
            inside += (byte & _HEAD) == _CONTINUATION
        wanted -= start - low - inside
        start = low
    return start


@njit(nogil=True)
def _before(data: Any, offsets: Any, places: Any) -> Any:
    """Where stretches begin and end."""
    most = len(data) // (CONTEXT_CHARS + _LEAD_CHARS) + len(offsets)
    starts, stops = np.empty(most, np.int64), np.empty(most, np.int64)
    count, text = 0, 0
    for place in places:
        while offsets[text + 1] <= place:
            text += 1
        low = np.int64(offsets[text])
        again = count > 0 and starts[count - 1] >= low
        bound = stops[count - 1] if again else low
        # As many bytes are no more characters.
        close = again and place - bound < CONTEXT_CHARS + _LEAD_CHARS
        start = bound if close else _chars_before(data, place, bound)
        if again and start == bound:
            stops[count - 1] = place
        elif start < place:
            starts[count], stops[count] = start, place
            count += 1
    return starts[:count], stops[:count]


@njit(nogil=True)
def _copy(data: Any, starts: Any, stops: Any, copies: Any) -> None:
    size = 0
    for start, stop in zip(starts, stops):  # noqa: B905 - numba knows no strict
        source, copy = data[start:stop], copies[size : size + stop - start]
        # Assigning a slice takes three times as long.
        for at in range(len(source)):
            copy[at] = source[at]
        size += stop - start + 1

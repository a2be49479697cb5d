"""One Hyperscan database that says which stretches of a batch a recognizer must see."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import hyperscan
import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.digits import (
    digit_places,
    near_close_digits,
    needs_close_digits,
)

REACH_BYTES = 256
"""Context on either side of a hit that a window holds, unless its line is shorter."""

LIMIT_BYTES = 2048
"""Where a window ends at the latest, even within a word."""

PASSING = 1 << 24
"""Number of patterns whose hits count for every derived pattern."""

_CONTINUATION = 0x80

WIDENED = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_PREFILTER
"""Of patterns for characters, in which Hyperscan widens look-arounds and the like."""

UNICODE = WIDENED | hyperscan.HS_FLAG_UCP
"""The same, and classes such as \\w hold the letters of all scripts: these take a
hundred times as long to compile."""


@dataclass(frozen=True)
class GatePattern:
    """A pattern of the gate.

    Attributes:
        number: What hits are reported under; several patterns may share one.
        derived: Whether it is an original pattern of a recognizer, which is shown
            whole texts.
        flags: Of Hyperscan; none for a byte pattern written as a superset.
    """

    number: int
    expression: str
    derived: bool = False
    flags: int = 0


@dataclass(frozen=True)
class Gate:
    """Compiled databases. Not to be pickled.

    Attributes:
        digits: Of the patterns that match near close digits alone.
    """

    database: Any = field(repr=False)
    derived: tuple[int, ...] = ()
    digits: Any = field(default=None, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def scan(
        self,
        data: NDArray[np.uint8],
        offsets: NDArray[np.signedinteger],
        places: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Find every place where a match of a pattern ends.

        Each text is scanned by itself: patterns see where it begins and ends, and
        none matches across texts.

        Args:
            data: Texts of a batch, one behind the other.
            offsets: Where each begins in `data`, and the end of the last.
            places: Where digits stand (`digit_places`); None to look for them.

        Returns:
            Pattern numbers (n,), and end offsets (n,) in bytes into `data`.
        """
        numbers, ends = self._scan(self.database, data, offsets)
        if self.digits is None:
            return self._spread(numbers, ends)
        if places is None:
            places = digit_places(data, offsets)
        near = near_close_digits(data, offsets, places)
        found = self._scan(self.digits, near.data, np.array([0, len(near.data)]))
        return self._spread(
            np.concatenate([numbers, found[0]]),
            np.concatenate([ends, near.in_batch(found[1])]),
        )

    def is_hit(self, data: memoryview) -> bool:
        """Whether any of the patterns of `database` matches in a text."""
        hits: list[int] = []
        with self.lock:
            self.database.scan(data, match_event_handler=_note_number, context=hits)
        return bool(hits)

    def _scan(
        self,
        database: Any,
        data: NDArray[np.uint8],
        offsets: NDArray[np.signedinteger],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        numbers: list[int] = []
        ends: list[int] = []

        def note(number: int, _start: int, end: int, _flags: int, low: int) -> None:
            numbers.append(number)
            ends.append(low + end)

        if database is not None:
            view, scan = data.data, database.scan
            # A database has one scratch space, which one scan at a time may use.
            with self.lock:
                for low, high in pairwise(offsets.tolist()):
                    if high > low:
                        scan(view[low:high], match_event_handler=note, context=low)
        return np.array(numbers, np.int64), np.array(ends, np.int64)

    def _spread(
        self, numbers: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Count a hit of `PASSING` for each derived pattern."""
        passing = numbers == PASSING
        if not passing.any():
            return numbers, ends
        spread = np.repeat(np.array(self.derived, np.int64), passing.sum())
        again = np.tile(ends[passing], len(self.derived))
        return (
            np.concatenate([numbers[~passing], spread]),
            np.concatenate([ends[~passing], again]),
        )


def _note_number(
    number: int, _start: int, _end: int, _flags: int, hits: list[int]
) -> None:
    hits.append(number)


@lru_cache(maxsize=8)
def compile_gate(patterns: tuple[GatePattern, ...]) -> Gate:
    """Compile patterns into one database or two, once for equal ones.

    That takes a second for the whole catalogue.

    Raises:
        hyperscan.error: A pattern is not accepted; see `is_accepted`.
    """
    derived = {p.number for p in patterns if p.derived and p.number != PASSING}
    close = [
        pattern
        for pattern in patterns
        if not (pattern.derived or pattern.flags)
        and needs_close_digits(pattern.expression)
    ]
    # Where a stretch begins or ends, a line does.
    lines = [replace(p, flags=hyperscan.HS_FLAG_MULTILINE) for p in close]
    rest = [pattern for pattern in patterns if pattern not in close]
    return Gate(compile_database(rest), tuple(sorted(derived)), compile_database(lines))


def compile_database(patterns: Sequence[GatePattern]) -> Any:
    """A database of all patterns; None without any."""
    if not patterns:
        return None
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[pattern.expression.encode() for pattern in patterns],
        ids=[pattern.number for pattern in patterns],
        flags=[pattern.flags for pattern in patterns],
    )
    return database


def is_accepted(pattern: GatePattern) -> bool:
    """Whether Hyperscan can compile the pattern; if not, it runs ungated."""
    try:
        compile_database([pattern])
    except hyperscan.error:
        return False
    return True


class Windows(NamedTuple):
    """Stretches of texts, sorted and without overlap.

    Attributes:
        starts: int64 (n,), byte offsets into the batch.
        stops: int64 (n,), exclusive.
        points: int64 (n,), code points from the beginning of the row to the start.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    points: NDArray[np.int64]


def hit_rows(ends: NDArray[np.int64], offsets: NDArray[np.int32]) -> NDArray[np.int64]:
    """Row in which each match ends."""
    return np.searchsorted(offsets, ends - 1, side="right").astype(np.int64) - 1


def build_windows(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int32],
    ends: NDArray[np.int64],
    *,
    token: bool,
) -> Windows:
    """Widen hits to the line, or (`token`) the run of non-space characters around."""
    ends = np.unique(ends)
    return Windows(*_widen(data, offsets, hit_rows(ends, offsets), ends, token))


@njit(nogil=True)
def _begins(byte: Any) -> Any:
    """Whether a UTF-8 byte is the first of its character."""
    return (byte & 0xC0) != _CONTINUATION


@njit(nogil=True)
def _is_border(byte: Any, near: Any, token: Any) -> Any:
    if byte in (10, 13):
        return True
    return byte in (9, 32) and (token or not near)


@njit(nogil=True)
def _edge(data: Any, position: Any, bound: Any, step: Any, token: Any) -> Any:
    """First border from `position` in the direction of `step`, at most to `bound`.

    With step -1, `position` is the first byte of the window, with 1 one past its last.
    """
    origin = position
    while position != bound:
        byte = data[position - 1] if step < 0 else data[position]
        distance = abs(position - origin)
        if _is_border(byte, distance < REACH_BYTES, token):
            break
        # Beyond the limit a window ends, but never inside of a character.
        first = data[position]
        if distance >= LIMIT_BYTES and _begins(first):
            break
        position += step
    return position


@njit(nogil=True)
def _widen(data: Any, offsets: Any, rows: Any, ends: Any, token: Any) -> Any:
    out_rows = np.empty(len(ends), np.int64)
    starts = np.empty(len(ends), np.int64)
    stops = np.empty(len(ends), np.int64)
    points = np.empty(len(ends), np.int64)
    count = 0
    for i in range(len(ends)):
        row, end = rows[i], ends[i]
        same = count > 0 and out_rows[count - 1] == row
        # With context enough on its right a hit needs no walk: a page of digits has
        # a hit at every byte.
        if same and stops[count - 1] - end >= REACH_BYTES:
            continue
        stop = _edge(data, end, np.int64(offsets[row + 1]), 1, token)
        if same and stops[count - 1] >= end:
            stops[count - 1] = max(stop, stops[count - 1])
            continue
        start = _edge(data, end - 1, np.int64(offsets[row]), -1, token)
        if same and stops[count - 1] >= start:
            stops[count - 1] = max(stop, stops[count - 1])
            continue
        # Code points are counted on from the window before, where it is of the row.
        origin, total = np.int64(offsets[row]), np.int64(0)
        if same:
            origin, total = starts[count - 1], points[count - 1]
        for position in range(origin, start):
            total += _begins(data[position])
        out_rows[count], starts[count], stops[count] = row, start, stop
        points[count] = total
        count += 1
    return out_rows[:count], starts[:count], stops[:count], points[:count]

"""Texts without some of their parts, and the way between their offsets and the source.

Offsets are code points, ends exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers
from isinglass.transforms.compiled import njit
from isinglass.transforms.text import string_buffers

_ROW = np.int64(32)
_NOWHERE = -1
_CONTINUES, _CONTINUATION = 0xC0, 0x80
_no_rows: Any = partial(np.zeros, 0, np.int64)
_no_places: Any = partial(np.zeros, 0, np.int32)


def place_keys(rows: Integers, offsets: NDArray[Any]) -> Integers:
    """Text and offset as one number, by which places sort."""
    return np.asarray((rows << _ROW) + offsets)


@dataclass(frozen=True, eq=False)
class Cuts:
    """Parts that a stage wants to be taken out of texts.

    Attributes:
        rows: int64 (m,), text of each part, ascending.
        starts: int32 (m,), first code point of the part in the source text, ascending
            in each text.
        ends: int32 (m,), code point behind its last one. Parts do not overlap.
        note: Whatever the stage wants to find again when it writes down what it did.
    """

    rows: Integers = field(default_factory=_no_rows)
    starts: NDArray[np.int32] = field(default_factory=_no_places)
    ends: NDArray[np.int32] = field(default_factory=_no_places)
    note: Any = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Cut:
    """Texts (n,) without some of their parts, and what was taken out, as in `Cuts`."""

    texts: pa.StringArray = field(repr=False)
    rows: Integers = field(default_factory=_no_rows)
    starts: NDArray[np.int32] = field(default_factory=_no_places)
    ends: NDArray[np.int32] = field(default_factory=_no_places)

    @property
    def characters(self) -> Integers:
        """int64 (n,), code points taken out of each text."""
        lengths = (self.ends - self.starts).astype(np.int64)
        total = np.bincount(self.rows, lengths, minlength=len(self.texts))
        return total.astype(np.int64)

    @property
    def seams(self) -> Integers:
        """int64 (m,), where each part was: its offset in the cut text."""
        return self.starts - self._taken(np.arange(len(self.rows)), self.rows)

    def to_source(self, rows: Integers, places: Integers) -> Integers:
        """Offsets (k,) in the source of characters at `places` (k,) of cut texts."""
        if len(self.rows) == 0:
            return places
        return places + self._taken(self._passed(self.seams, rows, places), rows)

    def from_source(self, rows: Integers, places: Integers) -> Integers:
        """Offsets (k,) in the cut texts of `places` (k,) in the source.

        Inside of a part that was cut it is that of its seam.
        """
        if len(self.rows) == 0:
            return places
        passed = self._passed(self.starts, rows, places)
        taken = self._taken(passed, rows)
        inside = np.flatnonzero(passed > np.searchsorted(self.rows, rows))
        beyond = self.ends[passed[inside] - 1] - places[inside]
        taken[inside] -= np.maximum(beyond, 0)
        return np.asarray(places - taken)

    def _passed(
        self, bounds: NDArray[Any], rows: Integers, places: Integers
    ) -> Integers:
        """How many of all parts, which stand at `bounds`, do not come after a place."""
        own = place_keys(self.rows, bounds)
        return np.searchsorted(own, place_keys(rows, places), side="right")

    def _taken(self, passed: Integers, rows: Integers) -> Integers:
        """Code points of the parts of a text among the first `passed` of all."""
        total = np.zeros(len(self.rows) + 1, np.int64)
        np.cumsum(self.ends - self.starts, out=total[1:])
        return np.asarray(total[passed] - total[np.searchsorted(self.rows, rows)])


def take_out(texts: pa.StringArray, parts: Cuts) -> Cut:
    """Take parts out of texts (n,) without nulls."""
    rows, starts, ends = parts.rows, parts.starts, parts.ends
    if len(rows) == 0:
        return Cut(texts)
    data, offsets = string_buffers(texts)
    bounds = np.searchsorted(rows, np.arange(len(texts) + 1))
    spans = np.full((len(rows), 2), _NOWHERE, np.int64)
    _find_bytes(data, offsets, bounds, np.stack([starts, ends], axis=1), spans)
    if (spans == _NOWHERE).any():
        raise ValueError(
            "parts to be taken out overlap, are out of order or lie outside of their "
            f"text, {int((spans == _NOWHERE).any(axis=1).sum())} of {len(rows)}"
        )
    size = int(offsets[-1]) - int(offsets[0])
    size -= int((spans[:, 1] - spans[:, 0]).sum())
    out, new = np.empty(size, np.uint8), np.zeros(len(texts) + 1, np.int32)
    _join(data, offsets, bounds, spans, out, new)
    made = pa.StringArray.from_buffers(len(texts), pa.py_buffer(new), pa.py_buffer(out))
    return Cut(made, np.asarray(rows, np.int64), starts, ends)


def joined(
    rows: Integers, starts: Integers, ends: Integers
) -> tuple[Integers, Integers, Integers]:
    """Places (k,) without overlaps: those that overlap or touch become one.

    They are sorted by row and start.
    """
    if len(rows) == 0:
        return rows, starts, ends
    reach = np.maximum.accumulate(place_keys(rows, ends))
    new = np.ones(len(rows), np.bool_)
    new[1:] = place_keys(rows, starts)[1:] > reach[:-1]
    firsts = np.flatnonzero(new)
    lasts = np.append(firsts[1:], len(rows)) - 1
    mask = (np.int64(1) << _ROW) - 1
    return rows[firsts], starts[firsts], reach[lasts] & mask


@njit(nogil=True)
def _find_bytes(data: Any, offsets: Any, bounds: Any, places: Any, spans: Any) -> None:
    """Find the byte offset of each code point offset; -1 where there is none."""
    for row in range(offsets.size - 1):
        position, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        point = np.int64(0)
        for number in range(bounds[row], bounds[row + 1]):
            for side in range(2):
                while point < places[number, side] and position < stop:
                    position += 1
                    while (
                        position < stop and data[position] & _CONTINUES == _CONTINUATION
                    ):
                        position += 1
                    point += 1
                if point == places[number, side]:
                    spans[number, side] = position


@njit(nogil=True)
def _join(data: Any, offsets: Any, bounds: Any, spans: Any, out: Any, new: Any) -> None:
    """Copy all bytes but those of the spans."""
    target = np.int64(0)
    for row in range(offsets.size - 1):
        position = np.int64(offsets[row])
        for number in range(bounds[row], bounds[row + 1]):
            length = spans[number, 0] - position
            out[target : target + length] = data[position : position + length]
            target += length
            position = spans[number, 1]
        length = np.int64(offsets[row + 1]) - position
        out[target : target + length] = data[position : position + length]
        target += length
        new[row + 1] = target

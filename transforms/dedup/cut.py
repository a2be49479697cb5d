"""Taking paragraphs out of texts, with the border that belongs to each.

A paragraph goes with its whole lines and the border after it; from the end of a text
it goes with the border before it. So no empty paragraphs pile up, and what stays keeps
its indentation and the line end that closes the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numba import njit

from isinglass.transforms.dedup.paragraphs import white_table
from isinglass.transforms.text import decode, string_buffers

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LINE_FEED, _CARRIAGE_RETURN = 0x0A, 0x0D
_ROW = np.int64(32)
"""Bits that a row number is moved by, so that row and offset sort as one number."""

_HEAD, _NEXT, _BEFORE = 0, 4, 6
_NOWHERE = -1


@dataclass(frozen=True, eq=False)
class Cut:
    """Texts without some of their parts, and what was taken out.

    Attributes:
        texts: The n cut texts.
        rows: int64 (m,), text of each part, ascending.
        starts: int32 (m,), first code point of the part in the source text, ascending
            in each text.
        ends: int32 (m,), code point behind its last one. Parts do not overlap.
    """

    texts: pa.StringArray = field(repr=False)
    rows: NDArray[np.int64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    @property
    def characters(self) -> NDArray[np.int64]:
        """int64 (n,), code points taken out of each text."""
        lengths = (self.ends - self.starts).astype(np.int64)
        total = np.bincount(self.rows, lengths, minlength=len(self.texts))
        return total.astype(np.int64)

    @property
    def seams(self) -> NDArray[np.int64]:
        """int64 (m,), where each part was: its offset in the cut text."""
        return self.starts - self._taken_before()

    def to_source(
        self, rows: NDArray[np.int64], places: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Offsets in the source of characters of the cut texts.

        Args:
            rows: int64 (k,), text of each character.
            places: int64 (k,), its code point offset in the cut text.

        Returns:
            int64 (k,), its offset in the source text.
        """
        if len(self.rows) == 0:
            return places
        seams = (self.rows << _ROW) + self.seams
        passed = np.searchsorted(seams, (rows << _ROW) + places, side="right")
        return places + self._taken(passed, rows)

    def _taken_before(self) -> NDArray[np.int64]:
        return self._taken(np.arange(len(self.rows)), self.rows)

    def _taken(
        self, passed: NDArray[np.int64], rows: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Code points of the parts of a text among the first `passed` of all."""
        total = np.zeros(len(self.rows) + 1, np.int64)
        np.cumsum(self.ends - self.starts, out=total[1:])
        return total[passed] - total[np.searchsorted(self.rows, rows)]


def nothing_cut(texts: pa.StringArray) -> Cut:
    """Texts as they are."""
    places = np.zeros(0, np.int32)
    return Cut(texts, np.zeros(0, np.int64), places, places)


def cut_paragraphs(
    texts: pa.StringArray,
    rows: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
) -> Cut:
    """Take paragraphs out of texts.

    Args:
        texts: Strings (n,) without nulls.
        rows: int64 (m,), text of each paragraph, ascending.
        starts: int32 (m,), first code point of each, ascending in a text.
        ends: int32 (m,), code point behind its last one; both as
            `paragraphs.split_paragraphs` has them.

    Returns:
        One part a paragraph, in the same order. Where all paragraphs of a text go,
        white space at its ends may be left.

    Raises:
        ValueError: A text is null, or an offset is not that of a paragraph.
    """
    if len(rows) == 0:
        return nothing_cut(texts)
    data, offsets = string_buffers(texts)
    bounds = np.searchsorted(rows, np.arange(len(texts) + 1))
    found = np.full((len(rows), 8), _NOWHERE, np.int64)
    _locate(data, offsets, white_table(), bounds, np.stack([starts, ends]), found)
    if not _are_paragraphs(found):
        raise ValueError("an offset is not that of a paragraph of its text")
    spans = _spans(rows, found)
    size = int(offsets[-1]) - int(offsets[0])
    size -= int((spans[:, 3] - spans[:, 1]).sum())
    out, new = np.empty(size, np.uint8), np.zeros(len(texts) + 1, np.int32)
    _join(data, offsets, bounds, np.ascontiguousarray(spans[:, 1::2]), out, new)
    made = pa.StringArray.from_buffers(len(texts), pa.py_buffer(new), pa.py_buffer(out))
    begins, stops = spans[:, 0].astype(np.int32), spans[:, 2].astype(np.int32)
    return Cut(made, np.asarray(rows, np.int64), begins, stops)


def _are_paragraphs(found: NDArray[np.int64]) -> bool:
    """Both ends of each were met, and lines end before and behind it."""
    head, end, following, before = found[:, ::2].T
    met = (head != _NOWHERE) & (end != _NOWHERE)
    alone = (before == _NOWHERE) | (before < head)
    ended = (following == _NOWHERE) | (end < following)
    return bool((met & alone & ended).all())


def _spans(rows: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Parts to take out: start and end, each as code point and byte (m, 4)."""
    behind = found[:, _NEXT] == _NOWHERE
    follows = np.zeros(len(rows), np.bool_)
    follows[:-1] = (rows[1:] == rows[:-1]) & (found[:-1, _NEXT] == found[1:, _HEAD])
    _spread(follows, behind)
    before = behind & (found[:, _BEFORE] != _NOWHERE)
    start = np.where(before[:, None], found[:, 6:8], found[:, 0:2])
    end = np.where(behind[:, None], found[:, 2:4], found[:, 4:6])
    return np.concatenate([start, end], axis=1)


@njit(cache=True, nogil=True)
def _spread(follows: Any, behind: Any) -> None:
    """Mark each paragraph behind which no other than marked ones follow."""
    for number in range(behind.size - 2, -1, -1):
        behind[number] |= follows[number] and behind[number + 1]


@njit(cache=True, nogil=True)
def _locate(
    data: Any, offsets: Any, table: Any, bounds: Any, places: Any, found: Any
) -> None:
    """Find head, end, next head and end of what is before, of each paragraph.

    A head is where the first line of a paragraph begins. Each is a code point offset
    in its text and a byte offset in `data`; -1 where there is none.
    """
    for row in range(offsets.size - 1):
        number, many = bounds[row], bounds[row + 1]
        if number == many:
            continue
        position, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        point = np.int64(0)
        head_point, head_byte = point, position
        end_point, end_byte = np.int64(-1), np.int64(-1)
        waiting = np.int64(-1)
        while position < stop and (number < many or waiting >= 0):
            code, width = decode(data, position)
            if table[code]:
                if code in (_CARRIAGE_RETURN, _LINE_FEED):
                    head_point, head_byte = point + 1, position + width
            else:
                if waiting >= 0:
                    found[waiting, 4], found[waiting, 5] = head_point, head_byte
                    waiting = np.int64(-1)
                if number < many and point == places[0, number]:
                    found[number, 0], found[number, 1] = head_point, head_byte
                    found[number, 6], found[number, 7] = end_point, end_byte
                end_point, end_byte = point + 1, position + width
                if number < many and end_point == places[1, number]:
                    if found[number, 0] >= 0:
                        found[number, 2], found[number, 3] = end_point, end_byte
                    waiting = number
                    number += 1
            position += width
            point += 1


@njit(cache=True, nogil=True)
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

"""What goes with paragraphs that are taken out: the border that belongs to each.

A paragraph goes with its whole lines and the border after it; from the end of a text
it goes with the border before it. So no empty paragraphs pile up, and what stays keeps
its indentation and the line end that closes the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from isinglass.transforms.edits.cut import Cuts
from isinglass.transforms.text import decode, string_buffers, white_table

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_LINE_FEED, _CARRIAGE_RETURN = 0x0A, 0x0D
_NOWHERE = -1


def cut_paragraphs(
    texts: pa.StringArray,
    rows: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
) -> Cuts:
    """Find what is to be taken out of texts so that paragraphs are gone.

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
    data, offsets = string_buffers(texts)
    bounds = np.searchsorted(rows, np.arange(len(texts) + 1))
    found = np.full((len(rows), 4), _NOWHERE, np.int64)
    _locate(data, offsets, white_table(), bounds, np.stack([starts, ends]), found)
    if not _are_paragraphs(found):
        raise ValueError("an offset is not that of a paragraph of its text")
    begins, stops = _spans(rows, found)
    return Cuts(
        np.asarray(rows, np.int64), begins.astype(np.int32), stops.astype(np.int32)
    )


def _are_paragraphs(found: NDArray[np.int64]) -> bool:
    """Both ends of each were met, and lines end before and behind it."""
    head, end, following, before = found.T
    met = (head != _NOWHERE) & (end != _NOWHERE)
    alone = (before == _NOWHERE) | (before < head)
    ended = (following == _NOWHERE) | (end < following)
    return bool((met & alone & ended).all())


def _spans(
    rows: NDArray[np.int64], found: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Parts to take out: first code points, and those behind the last ones."""
    head, end, following, before = found.T
    behind = following == _NOWHERE
    follows = np.zeros(len(rows), np.bool_)
    follows[:-1] = (rows[1:] == rows[:-1]) & (following[:-1] == head[1:])
    _spread(follows, behind)
    starts = np.where(behind & (before != _NOWHERE), before, head)
    return starts, np.where(behind, end, following)


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
    in its text; -1 where there is none.
    """
    for row in range(offsets.size - 1):
        number, many = bounds[row], bounds[row + 1]
        if number == many:
            continue
        position, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        point = np.int64(0)
        head, end = point, np.int64(-1)
        waiting = np.int64(-1)
        while position < stop and (number < many or waiting >= 0):
            code, width = decode(data, position)
            if table[code]:
                if code in (_CARRIAGE_RETURN, _LINE_FEED):
                    head = point + 1
            else:
                if waiting >= 0:
                    found[waiting, 2] = head
                    waiting = np.int64(-1)
                if number < many and point == places[0, number]:
                    found[number, 0], found[number, 3] = head, end
                end = point + 1
                if number < many and end == places[1, number]:
                    if found[number, 0] >= 0:
                        found[number, 1] = end
                    waiting = number
                    number += 1
            position += width
            point += 1

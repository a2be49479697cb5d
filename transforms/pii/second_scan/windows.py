"""The stretches of texts in which digits stand close together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numba import njit

from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DIGITS = 4
_REACH = 24
"""Bytes within which the digits stand, and bytes that are kept on either side."""

_BREAK = 0x0A


def number_windows(texts: pa.StringArray) -> pa.StringArray:
    """Keep of each text what lies near four digits that stand close together.

    Four digits within 24 bytes open a window from 24 bytes before the first to 24
    behind the last of them; windows that touch are one. Between windows stands a line
    break. Numbers and codes are looked for in a tenth of the bytes then.
    """
    data, offsets = string_buffers(texts)
    kept, ends = _windows(data, offsets)
    return pa.StringArray.from_buffers(
        len(texts), pa.py_buffer(ends), pa.py_buffer(kept)
    )


@njit(cache=True, nogil=True)
def _windows(
    data: NDArray[np.uint8], offsets: NDArray[np.int32]
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Bytes of the windows of all texts, and n + 1 offsets into them."""
    # A window is at least as long as the break that is put behind it.
    kept = np.empty(2 * len(data) + 1, np.uint8)
    ends = np.zeros(len(offsets), np.int32)
    size = 0
    last = np.empty(_DIGITS, np.int64)
    for text in range(len(offsets) - 1):
        low, high = offsets[text], offsets[text + 1]
        start = stop = low
        seen = 0
        for place in range(low, high):
            if data[place] < 48 or data[place] > 57:  # noqa: PLR2004
                continue
            last[seen % _DIGITS] = place
            seen += 1
            first = last[seen % _DIGITS]
            if seen < _DIGITS or place - first >= _REACH:
                continue
            if first - _REACH > stop:
                size = _copy(data, start, stop, kept, size)
                start = _whole(data, first - _REACH, low)
            elif stop == low:
                start = _whole(data, first - _REACH, low)
            stop = _whole_end(data, place + _REACH, high)
        size = _copy(data, start, stop, kept, size)
        ends[text + 1] = size
    return kept[:size].copy(), ends


@njit(cache=True, nogil=True)
def _copy(
    data: NDArray[np.uint8], start: int, stop: int, kept: NDArray[np.uint8], size: int
) -> int:
    if stop <= start:
        return size
    length = stop - start
    kept[size : size + length] = data[start:stop]
    kept[size + length] = _BREAK
    return size + length + 1


@njit(cache=True, nogil=True)
def _whole(data: NDArray[np.uint8], place: int, low: int) -> int:
    """The start of the character at a place, not before `low`."""
    place = max(place, low)
    while place > low and (data[place] & 0xC0) == 0x80:  # noqa: PLR2004
        place -= 1
    return place


@njit(cache=True, nogil=True)
def _whole_end(data: NDArray[np.uint8], place: int, high: int) -> int:
    """The end of the character at a place, not behind `high`."""
    place = min(place, high)
    while place < high and (data[place] & 0xC0) == 0x80:  # noqa: PLR2004
        place += 1
    return place

"""Splitting UTF-8 bytes at white space, as spaCy's tokenizer splits its input.

spaCy tokenises every stretch between white space without regard to its neighbours.
A run of white space is a stretch of its own, less its first character where that is
U+0020; only a run at the very beginning of a text keeps it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from isinglass.transforms.pii.ner.table import hashes_of
from isinglass.transforms.text import decode, white_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPACE = 0x20


class Pieces(NamedTuple):
    """Stretches of a batch of texts, in order.

    Attributes:
        texts: int32 (n,), number of the text.
        begins: int64 (n,), byte offset into the data.
        ends: int64 (n,), exclusive.
        points: int32 (n,), code points from the beginning of the text.
        hashes: uint64 (n,), hash of the bytes; different bytes may share one.
    """

    texts: NDArray[np.int32]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    points: NDArray[np.int32]
    hashes: NDArray[np.uint64]


def split(data: NDArray[np.uint8], offsets: NDArray[np.int32]) -> Pieces:
    """Split a batch of texts."""
    most = int(offsets[-1]) - int(offsets[0])
    texts = np.empty(most, np.int32)
    begins = np.empty(most, np.int64)
    ends = np.empty(most, np.int64)
    points = np.empty(most, np.int32)
    count = _split(data, offsets, white_table(), texts, begins, ends, points)
    begins, ends = begins[:count], ends[:count]
    hashes = hashes_of(data, begins, ends)
    return Pieces(texts[:count], begins, ends, points[:count], hashes)


@numba.njit(cache=True, nogil=True)
def _split(
    data: Any, offsets: Any, white: Any, texts: Any, begins: Any, ends: Any, points: Any
) -> Any:
    count = 0
    for text in range(len(offsets) - 1):
        at, stop = np.int64(offsets[text]), np.int64(offsets[text + 1])
        begin, begin_point, point = at, 0, 0
        in_space = white[decode(data, at)[0]] if at < stop else np.uint8(0)
        while at <= stop:
            width, space = 1, np.uint8(0)
            if at < stop:
                code, width = decode(data, at)
                space = white[code]
            if space != in_space or at == stop:
                if begin < at:
                    texts[count], points[count] = text, begin_point
                    begins[count], ends[count] = begin, at
                    count += 1
                in_space = space
                begin, begin_point = at, point
                if at < stop and data[at] == _SPACE:
                    begin, begin_point = at + 1, point + 1
            at += width
            point += 1
    return count

"""Splitting UTF-8 bytes at white space, as spaCy's tokenizer splits its input.

spaCy tokenises every stretch between white space without regard to its neighbours.
A run of white space is a stretch of its own, less its first character where that is
U+0020; only a run at the very beginning of a text keeps it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPACE = 0x20
_OFFSET, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


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
    """Split a batch of texts.

    Args:
        data: UTF-8 bytes of the batch.
        offsets: int32 (n + 1,), byte offsets of its texts.
    """
    most = int(offsets[-1]) - int(offsets[0])
    texts = np.empty(most, np.int32)
    begins = np.empty(most, np.int64)
    ends = np.empty(most, np.int64)
    points = np.empty(most, np.int32)
    hashes = np.empty(most, np.uint64)
    count = _split(data, offsets, texts, begins, ends, points, hashes)
    return Pieces(
        texts[:count], begins[:count], ends[:count], points[:count], hashes[:count]
    )


@numba.njit(cache=True, nogil=True)
def _width(byte: Any) -> Any:
    """Bytes of the character that begins with this one."""
    if byte < 0x80:  # noqa: PLR2004 - RFC 3629, section 3
        return 1
    if byte < 0xE0:  # noqa: PLR2004
        return 2
    return 3 if byte < 0xF0 else 4  # noqa: PLR2004


@numba.njit(cache=True, nogil=True)
def _wide_space(data: Any, at: Any, width: Any) -> Any:
    """Whether a character of more than one byte is white space (str.isspace)."""
    one, two = data[at], data[at + 1]
    if width == 2:  # noqa: PLR2004 - U+0085 and U+00A0
        return one == 0xC2 and two in (0x85, 0xA0)  # noqa: PLR2004
    if width != 3:  # noqa: PLR2004
        return False
    three = data[at + 2]
    if one == 0xE2 and two == 0x80:  # noqa: PLR2004 - U+2000-200A, 2028, 2029, 202F
        return three <= 0x8A or three in (0xA8, 0xA9, 0xAF)  # noqa: PLR2004
    if one == 0xE2:  # noqa: PLR2004 - U+205F
        return two == 0x81 and three == 0x9F  # noqa: PLR2004
    if one == 0xE1:  # noqa: PLR2004 - U+1680
        return two == 0x9A and three == 0x80  # noqa: PLR2004
    return one == 0xE3 and two == 0x80 and three == 0x80  # noqa: PLR2004 - U+3000


@numba.njit(cache=True, nogil=True)
def _is_space(data: Any, at: Any, width: Any) -> Any:
    if width > 1:
        return _wide_space(data, at, width)
    byte = data[at]
    return byte == _SPACE or 9 <= byte <= 13 or 28 <= byte <= 31  # noqa: PLR2004


@numba.njit(cache=True, nogil=True)
def _hash(data: Any, begin: Any, end: Any) -> Any:
    value = _OFFSET
    for at in range(begin, end):
        value = (value ^ np.uint64(data[at])) * _PRIME
        value ^= value >> _SHIFT
    return value


@numba.njit(cache=True, nogil=True)
def _split(
    data: Any,
    offsets: Any,
    texts: Any,
    begins: Any,
    ends: Any,
    points: Any,
    hashes: Any,
) -> Any:
    count = 0
    for text in range(len(offsets) - 1):
        at, stop = np.int64(offsets[text]), np.int64(offsets[text + 1])
        begin, begin_point, point = at, 0, 0
        in_space = at < stop and _is_space(data, at, _width(data[at]))
        while at <= stop:
            width, space = 1, not in_space
            if at < stop:
                width = _width(data[at])
                space = _is_space(data, at, width)
            if space != in_space or at == stop:
                if begin < at:
                    texts[count], points[count] = text, begin_point
                    begins[count], ends[count] = begin, at
                    hashes[count] = _hash(data, begin, at)
                    count += 1
                in_space = space
                begin, begin_point = at, point
                if at < stop and data[at] == _SPACE:
                    begin, begin_point = at + 1, point + 1
            at += width
            point += 1
    return count

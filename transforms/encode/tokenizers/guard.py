"""Which documents hold a code point on which a fast library is known to differ.

A set of code points is looked up in the bytes of a whole batch: most bytes are ruled
out by one comparison, because the listed code points start with few bytes of UTF-8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from isinglass.transforms.encode.tokenizers.texts import Texts

CODE_POINTS = 0x110000
_ASCII = 0x80
_BYTES = 256
_CHUNK = 1 << 22
"""Bytes looked at in one go, so that what is made of them stays small."""


class CodePoints:
    """The set of all code points of ranges; both ends belong to a range.

    Attributes:
        listed: Shape (0x110000,), bool.
    """

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        self.listed = np.zeros(CODE_POINTS, bool)
        for first, last in ranges:
            self.listed[first : last + 1] = True
        at = np.flatnonzero(self.listed)
        # Bytes that a listed code point starts with in UTF-8, and the least of these
        # beyond ASCII.
        self._lead = np.zeros(_BYTES, bool)
        self._lead[_lead_bytes(at[at >= _ASCII])] = True
        self._lowest = int(np.flatnonzero(self._lead).min(initial=_BYTES))
        self._ascii = at[at < _ASCII].tolist()

    def rows(self, texts: Texts) -> NDArray[np.int64]:
        """Rows of the documents that hold one of the code points, ascending."""
        if len(texts) == 0 or not self.listed.any():
            return np.zeros(0, np.int64)
        held = np.zeros(len(texts), bool)
        first, last = int(texts.starts.min()), int(texts.stops.max())
        for start in range(first, last, _CHUNK):
            at = self._find(texts.data, start, min(start + _CHUNK, last))
            # The last document that starts at or before a place holds it, if any does.
            row = np.searchsorted(texts.starts, at, side="right") - 1
            held[row[(row >= 0) & (at < texts.stops[row])]] = True
        return np.flatnonzero(held)

    def holds(self, text: str) -> bool:
        """Whether one text holds one of the code points."""
        return bool(self.listed[[ord(one) for one in text]].any()) if text else False

    def _find(
        self, data: NDArray[np.uint8], start: int, stop: int
    ) -> NDArray[np.int64]:
        """Places where a listed code point starts."""
        part = data[start:stop]
        at = np.zeros(0, np.int64)
        if self._lowest < _BYTES:
            at = np.flatnonzero(part >= self._lowest)
            at = at[self._lead[part[at]]] + start
        at = at[self.listed[_decode(data, at)]]
        plain = [np.flatnonzero(part == one) + start for one in self._ascii]
        return np.concatenate([at, *plain])


def ranges_of(listed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The ranges of a set, ascending; both ends belong to a range."""
    edges = np.flatnonzero(np.diff(listed, prepend=False, append=False))
    firsts, ends = edges[::2].tolist(), edges[1::2].tolist()
    return [(first, end - 1) for first, end in zip(firsts, ends, strict=True)]


def _lead_bytes(points: NDArray[np.int64]) -> NDArray[np.int64]:
    """First byte in UTF-8 of code points beyond ASCII (RFC 3629, section 3)."""
    two, three = 0xC0 | points >> 6, 0xE0 | points >> 12
    four = 0xF0 | points >> 18
    return np.where(points < 0x800, two, np.where(points < 0x10000, three, four))  # noqa: PLR2004


def _decode(data: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Code points that start at places of valid UTF-8 (RFC 3629, section 3)."""
    last = len(data) - 1
    b0, b1, b2, b3 = (data[np.minimum(at + k, last)].astype(np.int64) for k in range(4))
    two = (b0 & 0x1F) << 6 | b1 & 0x3F
    three = (b0 & 0x0F) << 12 | (b1 & 0x3F) << 6 | b2 & 0x3F
    four = (b0 & 7) << 18 | (b1 & 0x3F) << 12 | (b2 & 0x3F) << 6 | b3 & 0x3F
    shorter = np.where(b0 < 0xE0, two, np.where(b0 < 0xF0, three, four))  # noqa: PLR2004
    return np.where(b0 < _ASCII, b0, shorter)

"""Texts of an Arrow array as bytes and bounds, and code points looked up in them.

Guards look at the bytes of a whole batch at once: most bytes are ruled out by one
comparison, because the listed code points start with few bytes of UTF-8. The libraries
want Python strings, which are made from the same bytes, whole or shortened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers

_WINDOW = 256
"""Bytes behind the wanted length in which a space is looked for."""


@dataclass(frozen=True)
class Texts:
    """Documents as stretches of one buffer of UTF-8.

    Attributes:
        data: The bytes; may hold more than the documents.
        starts: First byte of each document; `stops` is one past the last.
    """

    data: NDArray[np.uint8]
    starts: Integers
    stops: Integers

    def __len__(self) -> int:
        """Documents."""
        return len(self.starts)

    @property
    def sizes(self) -> Integers:
        """Bytes of each document."""
        return self.stops - self.starts

    def take(self, rows: Integers) -> Texts:
        """The documents of `rows`, in that order."""
        return Texts(self.data, self.starts[rows], self.stops[rows])

    def strings(self) -> list[str]:
        """The documents as Python strings."""
        view = self.data.data
        bounds = zip(self.starts.tolist(), self.stops.tolist(), strict=True)
        return [str(view[start:stop], "utf-8") for start, stop in bounds]

    def array(self) -> pa.LargeStringArray:
        """The documents as an Arrow array of their own."""
        return pa.array(self.strings(), pa.large_string())


def texts_of(array: pa.StringArray | pa.LargeStringArray) -> Texts:
    """The bytes of an Arrow string array without nulls; slices of one too."""
    large = pa.types.is_large_string(array.type)
    if not (large or pa.types.is_string(array.type)):
        array, large = array.cast(pa.large_string()), True
    _, offsets, data = array.buffers()
    if len(array) == 0 or offsets is None:
        none = np.zeros(0, np.int64)
        return Texts(np.zeros(0, np.uint8), none, none)
    kind = np.dtype(np.int64 if large else np.int32)
    raw = np.frombuffer(offsets, kind)[array.offset :][: len(array) + 1]
    bounds: Integers = raw.astype(np.int64)
    values = np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    return Texts(values, bounds[:-1], bounds[1:])


def shorten(texts: Texts, size: int) -> Texts:
    """Cut long documents before a space, soon after `size` bytes.

    A cut lies between a visible ASCII character and a space. Documents that have no
    such place within 256 bytes, or end before it, stay whole.
    """
    long = np.flatnonzero(texts.sizes > size + _WINDOW)
    if len(long) == 0:
        return texts
    at = texts.starts[long] + size
    seen = texts.data[at[:, None] + np.arange(_WINDOW)]
    visible = (seen[:, :-1] > ord(" ")) & (seen[:, :-1] < 0x7F)  # noqa: PLR2004
    places = visible & (seen[:, 1:] == ord(" "))
    found = places.any(axis=1)
    stops = texts.stops.copy()
    stops[long[found]] = (at + places.argmax(axis=1) + 1)[found]
    return Texts(texts.data, texts.starts, stops)


CODE_POINTS = 0x110000
_ASCII = 0x80
_BYTES = 256
_CHUNK = 1 << 22
"""Bytes looked at in one go, so that what is made of them stays small."""


class CodePoints:
    """The set of all code points of ranges; both ends belong to a range.

    `listed` is bool, shape (0x110000,).
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

    def rows(self, texts: Texts) -> Integers:
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

    def _find(self, data: NDArray[np.uint8], start: int, stop: int) -> Integers:
        """Places where a listed code point starts."""
        part = data[start:stop]
        at = np.zeros(0, np.int64)
        if self._lowest < _BYTES:
            at = np.flatnonzero(part >= self._lowest)
            at = at[self._lead[part[at]]] + start
        at = at[self.listed[_decode(data, at)]]
        plain = [np.flatnonzero(part == one) + start for one in self._ascii]
        return np.concatenate([at, *plain])


def ranges_of(listed: Flags) -> list[tuple[int, int]]:
    """The ranges of a set, ascending; both ends belong to a range."""
    edges = np.flatnonzero(np.diff(listed, prepend=False, append=False))
    firsts, ends = edges[::2].tolist(), edges[1::2].tolist()
    return [(first, end - 1) for first, end in zip(firsts, ends, strict=True)]


def _lead_bytes(points: Integers) -> Integers:
    """First byte in UTF-8 of code points beyond ASCII (RFC 3629, section 3)."""
    two, three = 0xC0 | points >> 6, 0xE0 | points >> 12
    four = 0xF0 | points >> 18
    return np.where(points < 0x800, two, np.where(points < 0x10000, three, four))  # noqa: PLR2004


def _decode(data: NDArray[np.uint8], at: Integers) -> Integers:
    """Code points that start at places of valid UTF-8 (RFC 3629, section 3)."""
    last = len(data) - 1
    b0, b1, b2, b3 = (data[np.minimum(at + k, last)].astype(np.int64) for k in range(4))
    two = (b0 & 0x1F) << 6 | b1 & 0x3F
    three = (b0 & 0x0F) << 12 | (b1 & 0x3F) << 6 | b2 & 0x3F
    four = (b0 & 7) << 18 | (b1 & 0x3F) << 12 | (b2 & 0x3F) << 6 | b3 & 0x3F
    shorter = np.where(b0 < 0xE0, two, np.where(b0 < 0xF0, three, four))  # noqa: PLR2004
    return np.where(b0 < _ASCII, b0, shorter)

"""Texts of an Arrow array as bytes and bounds, without a copy.

Guards look at the bytes of a whole batch at once; the libraries want Python strings,
which are made from the same bytes, whole or shortened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    def __len__(self) -> int:
        """Documents."""
        return len(self.starts)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Bytes of each document."""
        return self.stops - self.starts

    def take(self, rows: NDArray[np.int64]) -> Texts:
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
    bounds: NDArray[np.int64] = raw.astype(np.int64)
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

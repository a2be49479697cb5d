"""Open-addressing hash tables on numpy arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EMPTY = -1
_LOAD = 2


def grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    """The array, or a larger copy of it that holds at least `size` rows."""
    if len(array) >= size:
        return array
    larger = np.empty((max(size, len(array) * 3 // 2), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


def slots_for(entries: int) -> int:
    """Slots of a table for so many entries: a power of two, at most half full."""
    return 1 << (entries * _LOAD - 1).bit_length() if entries > 0 else 1

"""Which documents are tokenised twice, to compare a fast library with the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.transforms.encode.tokenizers.texts import Texts

_WORDS = 8
_PLACES = 8 * _WORDS
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""Constants of SplitMix64 (Steele, Lea and Flood 2014, figure 17)."""


def sampled_rows(texts: Texts, share: float) -> NDArray[np.int64]:
    """Rows of a share of the documents, chosen by their text alone.

    The same document is chosen in every run and in any batch: by its length and 64 of
    its bytes, evenly spaced.
    The share is 0 to 1.
    """
    if share <= 0 or len(texts) == 0:
        return np.zeros(0, np.int64)
    sizes = texts.sizes
    steps = np.arange(_PLACES) * np.maximum(sizes - 1, 0)[:, None] // (_PLACES - 1)
    last = max(len(texts.data) - 1, 0)
    at = np.minimum(texts.starts[:, None] + steps, last)
    seen = texts.data[at] if len(texts.data) else np.zeros_like(at, np.uint8)
    seen = np.where(sizes[:, None] > 0, seen, np.uint8(0))
    mixed = _mix(sizes.astype(np.uint64))
    for word in np.ascontiguousarray(seen).view("<u8").T:
        mixed = _mix(mixed ^ word)
    # 53 bits, because they are whole as a float.
    return np.flatnonzero((mixed >> np.uint64(11)) < share * 2.0**53)


def _mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = value + _GOLDEN
    value = (value ^ (value >> np.uint64(30))) * _MIX[0]
    value = (value ^ (value >> np.uint64(27))) * _MIX[1]
    return value ^ (value >> np.uint64(31))

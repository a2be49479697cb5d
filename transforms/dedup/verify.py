"""Exact similarity of candidate pairs, on whole shingle sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from isinglass.transforms.dedup.keepers import Similarity

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def _count_common(values: Any, offsets: Any, pairs: Any, common: Any) -> None:
    """Count the values that the ascending stretches of each pair share."""
    for pair in range(common.size):
        one, other = pairs[pair, 0], pairs[pair, 1]
        first, first_end = offsets[one], offsets[one + 1]
        second, second_end = offsets[other], offsets[other + 1]
        count = np.int64(0)
        while first < first_end and second < second_end:
            left, right = values[first], values[second]
            # Sums of comparisons, not branches, which no processor could predict.
            count += np.int64(left == right)
            first += np.int64(left <= right)
            second += np.int64(right <= left)
        common[pair] = count


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide, with 0 where the whole is empty."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)


def compare(
    values: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    pairs: NDArray[np.int64],
    *,
    contained: bool,
) -> Similarity:
    """Exact similarity of pairs of shingle sets; 0 of two empty ones.

    `values` are the sets, flat, strictly ascending within each
    (`shingles.shingle_sets`), `offsets` (d + 1,) where each begins and ends; `pairs`
    (p, 2) the document that would stay and the other one.
    """
    common = np.empty(len(pairs), np.int64)
    _count_common(values, offsets, pairs, common)
    stays, goes = np.diff(offsets)[pairs].T
    jaccard = _share(common, stays + goes - common)
    if not contained:
        return Similarity(jaccard)
    return Similarity(jaccard, np.where(stays >= goes, _share(common, goes), 0.0))

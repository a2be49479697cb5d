"""Exact similarity of candidate pairs, on whole shingle sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from isinglass.transforms.dedup.keepers import Similarity

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def _count_common(
    values: Any, first: Any, first_end: Any, second: Any, second_end: Any
) -> Any:
    """Count the values that two ascending stretches share."""
    common = np.int64(0)
    while first < first_end and second < second_end:
        left, right = values[first], values[second]
        # Sums of comparisons instead of branches, which no processor could predict.
        common += np.int64(left == right)
        first += np.int64(left <= right)
        second += np.int64(right <= left)
    return common


@njit(cache=True, nogil=True)
def _count_pairs(
    values: Any, starts: Any, ends: Any, left: Any, right: Any, common: Any
) -> None:
    for pair in range(left.size):
        one, other = left[pair], right[pair]
        common[pair] = _count_common(
            values, starts[one], ends[one], starts[other], ends[other]
        )


def _common(
    values: NDArray[np.uint64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
) -> NDArray[np.int64]:
    common = np.empty(len(left), np.int64)
    _count_pairs(values, starts, ends, left, right, common)
    return common


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide, with 0 where the whole is empty."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)


def jaccard(
    values: NDArray[np.uint64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the exact Jaccard similarity of each pair of shingle sets.

    Args:
        values: Shingle sets, strictly ascending within each, as from
            `shingles.shingle_sets`.
        starts: Shape (n,): where in `values` each document's set begins.
        ends: Shape (n,): where it ends.
        left: Shape (p,): document of each pair, an index into `starts`.
        right: Shape (p,): the other document.

    Returns:
        Shape (p,), from 0 to 1; 0 for two empty sets, which have nothing in common.
    """
    common = _common(values, starts, ends, left, right)
    sizes = ends - starts
    return _share(common, sizes[left] + sizes[right] - common)


def containment(
    values: NDArray[np.uint64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the share of each left set that lies in the right one.

    Args:
        values: As for `jaccard`.
        starts: As for `jaccard`.
        ends: As for `jaccard`.
        left: Shape (p,): the documents that may be contained.
        right: Shape (p,): the documents that may contain them.

    Returns:
        Shape (p,), from 0 to 1; 0 for an empty left set.
    """
    common = _common(values, starts, ends, left, right)
    return _share(common, (ends - starts)[left])


def compare(
    values: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    pairs: NDArray[np.int64],
    *,
    contained: bool,
) -> Similarity:
    """Exact similarity of pairs of shingle sets.

    Args:
        values: Sets, flat.
        offsets: int64 (d + 1,), where each begins and ends.
        pairs: int64 (p, 2), the document that would stay and the other one.
        contained: Containment is wanted as well.
    """
    starts, ends = offsets[:-1], offsets[1:]
    stays, goes = pairs[:, 0], pairs[:, 1]
    found = jaccard(values, starts, ends, stays, goes)
    if not contained:
        return Similarity(found)
    sizes = ends - starts
    share = containment(values, starts, ends, goes, stays)
    return Similarity(found, np.where(sizes[stays] >= sizes[goes], share, 0.0))

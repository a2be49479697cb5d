"""Groups of documents with equal content hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def group_equal(
    hashes: NDArray[np.uint64], rank: NDArray[np.uint32]
) -> NDArray[np.int64]:
    """Name, for each document, the preferred one among those with the same hash.

    Args:
        hashes: Shape (n, 2), from `text.content_hashes`.
        rank: Shape (n,), from `keepers.keeper_ranks`; 0 is preferred most.

    Returns:
        Shape (n,): the row whose rank is smallest in each row's group, which is the
        row itself for the one that stays. Equal ranks go by the smaller row.
    """
    if len(hashes) == 0:
        return np.zeros(0, np.int64)
    order = np.lexsort((rank, hashes[:, 1], hashes[:, 0]))
    ordered = hashes[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    leaders = order[first]
    keeper = np.empty(len(order), np.int64)
    keeper[order] = leaders[np.cumsum(first) - 1]
    return keeper

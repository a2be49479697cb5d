"""How far a document stands from the documents most like it.

The score is the distance to the k-th nearest neighbour, by which Ramaswamy, Rastogi and
Shim rank outliers (Efficient Algorithms for Mining Outliers from Large Data Sets,
SIGMOD 2000, section 2), with 1 - cosine as distance and neighbours of the document's
own part of a cluster. It reads without any other number: 0.6 says that fewer than k
documents have a cosine above 0.4 to this one. It is a column to sort by, no verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.semantic.vectors import DECIMALS, blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEIGHBOURS = 10
"""The k of the score."""

COMPANIONS = 4096
"""Rows of a part that neighbours are looked for among."""

_ROWS = 2048


def outlier_scores(
    matrix: NDArray[np.float32], companions: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Outlier score of each row of one part.

    Where `companions` are not all rows, k shrinks with the share of the part that they
    are (at least 1): among every fourth row, the third neighbour is about as far as the
    tenth among all.

    Which rows are `companions` must have nothing to do with the vectors.

    Returns:
        Shape (n,), 0 to 1, rounded to 6 decimals, the last of which may be another one
        on another processor: cosines are products of float32 here. 1 where the part has
        fewer than k other rows: there are not k documents like it. Opposed directions
        count as 1, and so does a row of zeros.
    """
    count = len(matrix)
    scores = np.ones(count, np.float64)
    wanted = max(round(NEIGHBOURS * len(companions) / max(count, 1)), 1)
    kth = len(companions) - wanted
    if kth <= 0:
        return scores
    among = matrix[companions]
    place = np.full(count, -1, np.int64)
    place[companions] = np.arange(len(companions))
    for part in blocks(count, _ROWS):
        similarity = matrix[part] @ among.T
        own = np.flatnonzero(place[part] >= 0)
        similarity[own, place[part][own]] = -np.inf
        similarity.partition(kth, axis=1)
        scores[part] = 1.0 - similarity[:, kth]
    return np.asarray(np.round(np.clip(scores, 0.0, 1.0), DECIMALS), np.float64)

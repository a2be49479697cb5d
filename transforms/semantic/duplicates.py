"""Near-duplicates in meaning: documents whose cosine to a leader reaches a threshold.

A leader is a document that comes before the others in a fixed order and is not near an
earlier leader itself. Every document but a leader is marked against a leader that its
own cosine reaches the threshold with: there are no chains, in which two documents are
called duplicates because a third lies between them. After Abbas et al., SemDeDup
(arXiv 2303.09540), section 3, which removes where this only marks.

The outlier score says how far a document stands from the documents most like it. It is
the distance to the k-th nearest neighbour, by which Ramaswamy, Rastogi and Shim rank
outliers (Efficient Algorithms for Mining Outliers from Large Data Sets, SIGMOD 2000,
section 2), with 1 - cosine as distance and neighbours of the document's own part of a
cluster. It reads without any other number: 0.6 says that fewer than k documents have a
cosine above 0.4 to this one. It is a column to sort by, no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Floats, Integers, Singles
from isinglass.transforms.semantic.vectors import DECIMALS, blocks, cosines, reach

_NEAR_ROWS = 256
"""Rows that become leaders or not at a time."""


def find_duplicates(
    matrix: Singles, threshold: float, most_leaders: int
) -> tuple[Integers, Floats]:
    """Near-duplicates among the rows of one part; earlier rows lead rather.

    Memory beside the matrix: blocks of 4,096 x 4,096 similarities. Time: rows times
    leaders. A row is compared with the first `most_leaders` leaders only, which is all
    of them in a part of no more rows; beyond, pairs can be missed, and `count_pairs`
    counts them.

    The rows (n, d) are of unit length; one of zeros is near nothing. The threshold is
    above 0 and at most 1. Returns the leader (n,), the row that each row is a
    near-duplicate of, -1 for a leader; and the cosine to it (n,), rounded to 6
    decimals, NaN for a leader.

    Raises:
        ValueError: The threshold is wrong.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold {threshold} is not above 0 and at most 1")
    leader = np.full(len(matrix), -1, np.int64)
    leaders = np.empty(0, np.int64)
    for block in blocks(len(matrix)):
        rows = np.arange(block.start, block.stop)
        rows = _mark(matrix, threshold, leader, rows, leaders)
        while len(rows):
            few, rows = rows[:_NEAR_ROWS], rows[_NEAR_ROWS:]
            found = _settle(matrix, threshold, leader, few)
            found = found[: max(most_leaders - len(leaders), 0)]
            leaders = np.concatenate((leaders, found))
            rows = _mark(matrix, threshold, leader, rows, found)
    cosine = np.full(len(matrix), np.nan)
    for block in blocks(len(matrix)):
        marked = block.start + np.flatnonzero(leader[block] >= 0)
        cosine[marked] = cosines(matrix[marked], matrix[leader[marked]])
    return leader, cosine


def _mark(
    matrix: Singles,
    threshold: float,
    leader: Integers,
    rows: Integers,
    leaders: Integers,
) -> Integers:
    """Mark rows against the first leader in reach; return those without one."""
    for part in blocks(len(leaders)):
        if len(rows) == 0:
            break
        near = reach(matrix[rows], matrix[leaders[part]], threshold)
        marked = near.any(axis=1)
        leader[rows[marked]] = leaders[part][near[marked].argmax(axis=1)]
        rows = rows[~marked]
    return rows


def _settle(
    matrix: Singles, threshold: float, leader: Integers, rows: Integers
) -> Integers:
    """Walk through a few rows in order; return the new leaders."""
    near = np.tril(reach(matrix[rows], matrix[rows], threshold), -1)
    leads: Flags = np.logical_not(near.any(axis=1))
    for row in np.flatnonzero(~leads):
        ahead = near[row] & leads
        leads[row] = not ahead.any()
        if not leads[row]:
            leader[rows[row]] = rows[ahead.argmax()]
    return rows[leads]


DOCUMENTS = 500
"""Documents that are compared with all: half an interval of 95 % is then at most 4.4
percentage points wide for a share of documents."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Some documents of the corpus.

    Attributes:
        numbers: int64 (n,), place of each document in the corpus.
        vectors: float32 (n, d), rows of unit length.
        parts: Shape (n,), number of each one's part, unique over all clusters.
    """

    numbers: Integers
    vectors: Singles
    parts: NDArray[np.integer]


def count_pairs(sampled: Rows, others: Rows, threshold: float) -> Integers:
    """Count what is near each sampled document; counts of batches add up.

    Time: sample x documents x dimensions; 500 against a million vectors of 384 values
    are 0.4 TFLOP.

    `others` are a batch of the corpus, the sampled ones included. Cosines are rounded
    as those of `find_duplicates` are. Returns shape (2, m): other documents whose
    cosine reaches the threshold, and those of them that share the sampled one's part.
    """
    counts = np.zeros((2, len(sampled.numbers)), np.int64)
    for part in blocks(len(others.numbers)):
        near = reach(sampled.vectors, others.vectors[part], threshold)
        near &= sampled.numbers[:, None] != others.numbers[part]
        counts[0] += near.sum(axis=1)
        near &= sampled.parts[:, None] == others.parts[part]
        counts[1] += near.sum(axis=1)
    return counts


NEIGHBOURS = 10
"""The k of the score."""

COMPANIONS = 4096
"""Rows of a part that neighbours are looked for among."""

_ROWS = 2048


def outlier_scores(matrix: Singles, companions: Integers) -> Floats:
    """Outlier score of each row of one part.

    Where `companions` are not all rows, k shrinks with the share of the part that they
    are (at least 1): among every fourth row, the third neighbour is about as far as the
    tenth among all.

    Which rows are `companions` must have nothing to do with the vectors. Returns shape
    (n,), 0 to 1, rounded to 6 decimals, the last of which may be another one on another
    processor: cosines are products of float32 here. 1 where the part has fewer than k
    other rows: there are not k documents like it. Opposed directions count as 1, and so
    does a row of zeros.
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

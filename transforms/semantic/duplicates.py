"""Near-duplicates in meaning: documents whose cosine to a leader reaches a threshold.

A leader is a document that comes before the others in a fixed order and is not near an
earlier leader itself. Every document but a leader is marked against a leader that its
own cosine reaches the threshold with: there are no chains, in which two documents are
called duplicates because a third lies between them. After Abbas et al., SemDeDup
(arXiv 2303.09540), section 3, which removes where this only marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.semantic.vectors import (
    BLOCK,
    blocks,
    cosines,
    slack,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NEAR_ROWS = 1024
"""Rows that become leaders or not at a time."""


@dataclass(frozen=True, eq=False)
class Duplicates:
    """One entry a row.

    Attributes:
        leader: int64 (n,), row of the leader that the row is a near-duplicate of; -1
            for a leader.
        cosine: float64 (n,), cosine to it, rounded to 6 decimals; NaN for a leader.
    """

    leader: NDArray[np.int64]
    cosine: NDArray[np.float64]


class _Search:
    """State of the walk through one part: what leads, what is marked."""

    def __init__(self, matrix: NDArray[np.float32], threshold: float) -> None:
        self.matrix = matrix
        self.threshold = threshold
        self.floor = np.float32(threshold - slack(matrix.shape[1]))
        self.leader = np.full(len(matrix), -1, np.int64)
        self.cosine = np.full(len(matrix), np.nan)

    def mark(
        self, rows: NDArray[np.int64], leaders: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Mark rows against the first leader in reach; return those without one."""
        near = self.matrix[rows] @ self.matrix[leaders].T >= self.floor
        open_rows = np.flatnonzero(near.any(axis=1))
        while len(open_rows):
            first = near[open_rows].argmax(axis=1)
            exact = cosines(self.matrix[rows[open_rows]], self.matrix[leaders[first]])
            good = exact >= self.threshold
            self.leader[rows[open_rows[good]]] = leaders[first[good]]
            self.cosine[rows[open_rows[good]]] = exact[good]
            # Rounding brought a pair in: on to the next leader in reach.
            open_rows, first = open_rows[~good], first[~good]
            near[open_rows, first] = False
            open_rows = open_rows[near[open_rows].any(axis=1)]
        return rows[self.leader[rows] < 0]

    def settle(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Walk through a few rows in order; return the new leaders."""
        near = self.matrix[rows] @ self.matrix[rows].T >= self.floor
        near &= np.tri(len(rows), k=-1, dtype=np.bool_)
        leads: NDArray[np.bool_] = np.logical_not(near.any(axis=1))
        for row in np.flatnonzero(~leads):
            ahead = np.flatnonzero(near[row] & leads)
            leads[row] = not self._mark_one(rows[row], rows[ahead])
        return rows[leads]

    def _mark_one(self, row: np.int64, leaders: NDArray[np.int64]) -> bool:
        for part in blocks(len(leaders), 64):
            among = leaders[part]
            exact = cosines(self.matrix[np.full(len(among), row)], self.matrix[among])
            good = np.flatnonzero(exact >= self.threshold)
            if len(good):
                self.leader[row] = among[good[0]]
                self.cosine[row] = exact[good[0]]
                return True
        return False


def find_duplicates(
    matrix: NDArray[np.float32],
    ranks: NDArray[np.integer],
    threshold: float,
    most_leaders: int = 10_000,
) -> Duplicates:
    """Near-duplicates among the rows of one part.

    Memory beside the matrix: blocks of 4,096 x 4,096 similarities. Time: rows times
    leaders. A row is compared with the first `most_leaders` leaders only, which is all
    of them in a part of no more rows; beyond, pairs can be missed, and `recall` counts
    them.

    Args:
        matrix: Shape (n, d), rows of unit length. A row of zeros is near nothing.
        ranks: Shape (n,), distinct; a document of a lower rank leads rather, such as
            the order of doc_ids.
        threshold: Least cosine of near-duplicates, above 0, at most 1.
        most_leaders: At least 1.

    Raises:
        ValueError: The threshold or the number of ranks is wrong.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold {threshold} is not above 0 and at most 1")
    if len(ranks) != len(matrix):
        raise ValueError(f"{len(ranks)} ranks and {len(matrix)} vectors")
    search = _Search(matrix, threshold)
    order = np.argsort(ranks, kind="stable")
    leaders = np.empty(0, np.int64)
    for block in blocks(len(order)):
        rows = _mark_all(search, order[block], leaders)
        while len(rows):
            few, rows = rows[:_NEAR_ROWS], rows[_NEAR_ROWS:]
            found = search.settle(few)[: max(most_leaders - len(leaders), 0)]
            leaders = np.concatenate((leaders, found))
            rows = _mark_all(search, rows, found)
    return Duplicates(search.leader, search.cosine)


def _mark_all(
    search: _Search, rows: NDArray[np.int64], leaders: NDArray[np.int64]
) -> NDArray[np.int64]:
    for part in blocks(len(leaders), BLOCK):
        if len(rows) == 0:
            break
        rows = search.mark(rows, leaders[part])
    return rows

"""From verified pairs to one decision a document, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from isinglass.transforms.dedup.identify import NO_RANK, Identified, State


class Fate(IntEnum):
    """What was decided about a document before it is scanned for PII."""

    KEEP = 0
    EMPTY = 1
    DUPLICATE_ID = 2
    EXACT_DUPLICATE = 3
    NEAR_DUPLICATE = 4


@dataclass(frozen=True)
class Decided:
    """One entry a document, in the order of the survey.

    Attributes:
        fate: uint8, a `Fate`.
        kept: int64, index of the kept document that is the evidence; -1 for none.
        similarity: float64, exact Jaccard with it (1 for equal texts); NaN for none.
    """

    fate: np.ndarray
    kept: np.ndarray
    similarity: np.ndarray


def decide(found: Identified, kept_rank: np.ndarray, similarity: np.ndarray) -> Decided:
    """Combine exact groups and near-duplicate results.

    A document that equals a near-duplicate goes for the same reason as that one and
    with the same evidence: their shingle sets are equal, so the similarity holds for
    it too, and the named document is one that stays.

    Args:
        found: Result of `identify`.
        kept_rank: int64 by rank: rank of the staying document that a document is
            dropped for; -1 where it stays.
        similarity: float64 by rank: exact Jaccard of the two.
    """
    documents = len(found.state)
    state = np.asarray(found.state)
    fate = np.zeros(documents, dtype=np.uint8)
    fate[state == State.EMPTY] = Fate.EMPTY
    fate[state == State.DUPLICATE_ID] = Fate.DUPLICATE_ID
    kept = np.full(documents, -1, dtype=np.int64)
    value = np.full(documents, np.nan)
    present = np.flatnonzero(state == State.PRESENT)
    keeper = np.asarray(found.exact_keeper)[present]
    copies = keeper != present
    fate[present[copies]] = Fate.EXACT_DUPLICATE
    kept[present[copies]] = keeper[copies]
    value[present[copies]] = 1.0
    if len(kept_rank):
        by_rank = np.argsort(np.asarray(found.rank), kind="stable")
        keeper_rank = np.asarray(found.rank)[keeper]
        near = kept_rank[keeper_rank] >= 0
        fate[present[near]] = Fate.NEAR_DUPLICATE
        kept[present[near]] = by_rank[kept_rank[keeper_rank[near]]]
        value[present[near]] = similarity[keeper_rank[near]]
    return Decided(fate, kept, value)


def ranked_documents(found: Identified) -> int:
    """Number of documents that have a rank."""
    return int((np.asarray(found.rank) != NO_RANK).sum())

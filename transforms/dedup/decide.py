"""From verified pairs to one decision a document, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from isinglass.transforms.dedup.identify import Identified
    from isinglass.transforms.dedup.keepers import Removals


class Fate(IntEnum):
    """What is decided about a document; all but the first name one that stays."""

    KEEP = 0
    EXACT_DUPLICATE = 1
    NEAR_DUPLICATE = 2
    CONTAINED = 3


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


def decide(found: Identified, removals: Removals | None) -> Decided:
    """Combine exact groups and near-duplicate results (None if not looked for).

    A document that equals a near-duplicate goes for the same reason as that one and
    with the same evidence: their shingle sets are equal, so the similarity holds for
    it too, and the named document is one that stays.
    """
    documents = len(found.present)
    fate = np.zeros(documents, dtype=np.uint8)
    kept = np.full(documents, -1, dtype=np.int64)
    value = np.full(documents, np.nan)
    present = np.flatnonzero(np.asarray(found.present))
    keeper = np.asarray(found.exact_keeper)[present]
    copies = keeper != present
    fate[present[copies]] = Fate.EXACT_DUPLICATE
    kept[present[copies]] = keeper[copies]
    value[present[copies]] = 1.0
    if removals is not None:
        by_rank = np.argsort(np.asarray(found.rank), kind="stable")
        keeper_rank = np.asarray(found.rank)[keeper]
        near = removals.kept[keeper_rank] >= 0
        goes, rank = present[near], keeper_rank[near]
        inside = removals.contained[rank]
        fate[goes] = np.where(inside, Fate.CONTAINED, Fate.NEAR_DUPLICATE)
        kept[goes] = by_rank[removals.kept[rank]]
        value[goes] = removals.similarity[rank]
    return Decided(fate, kept, value)

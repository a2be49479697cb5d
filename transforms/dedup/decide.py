"""From hashes and compared pairs to one decision a document, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.keepers import Removals, keeper_ranks

READ = ("doc_high", "doc_low", "hash_high", "hash_low", "characters", "collected_at")
"""Columns of the survey that are read."""

NO_RANK = np.uint32(2**32 - 1)
"""Rank of a document that takes no part in deduplication."""


@dataclass(frozen=True)
class Identified:
    """One entry a document, in the order of the survey; earlier runs come last.

    Attributes:
        present: bool, a document of this run that takes part.
        exact_keeper: int64, index of the document that stays for this one's text;
            its own index where nothing equal is preferred.
        rank: uint32, keeper rank (0 is kept first), `NO_RANK` if it takes no part.
            What earlier runs kept ranks before all others.
    """

    present: np.ndarray
    exact_keeper: np.ndarray
    rank: np.ndarray

    @property
    def ranked(self) -> int:
        """Number of documents that have a rank."""
        return int((np.asarray(self.rank) != NO_RANK).sum())


def identify(
    survey: pa.Table,
    dedup: DedupConfig,
    present: np.ndarray,
    references: np.ndarray | None = None,
) -> Identified:
    """Decide what can be decided from hashes alone; takes 60 bytes a document.

    `survey` has the columns `READ` of all documents; those of earlier runs follow.
    `present`, bool, has an entry a document of this run: it may stay for others;
    `references`, bool, one a document of earlier runs: that run kept it, and it stays
    whatever is new.
    """
    if references is None:
        references = np.zeros(0, np.bool_)
    ids = _words(survey, "doc_high", "doc_low")
    hashes = _words(survey, "hash_high", "hash_low")
    mine = np.flatnonzero(present)
    kept_there = len(present) + np.flatnonzero(references)
    rank = np.full(len(ids), NO_RANK, dtype=np.uint32)
    keeper = np.arange(len(ids), dtype=np.int64)
    rank[kept_there[np.lexsort((ids[kept_there, 1], ids[kept_there, 0]))]] = np.arange(
        len(kept_there), dtype=np.uint32
    )
    rank[mine] = len(kept_there) + keeper_ranks(
        survey["characters"].to_numpy()[mine],
        ids[mine],
        dedup.keep,
        survey["collected_at"].take(mine).combine_chunks(),
        mine,
    )
    if dedup.exact:
        both = np.concatenate([mine, kept_there])
        keeper[both] = both[group_equal(hashes[both], rank[both])]
    takes_part = np.zeros(len(ids), np.bool_)
    takes_part[mine] = True
    return Identified(takes_part, keeper, rank)


def _words(survey: pa.Table, high: str, low: str) -> np.ndarray:
    return np.stack([survey[high].to_numpy(), survey[low].to_numpy()], axis=1)


def group_equal(
    hashes: NDArray[np.uint64], rank: NDArray[np.uint32]
) -> NDArray[np.int64]:
    """The row of the smallest rank among those with the same hash, for each row.

    `hashes` (n, 2) are from `text.content_hashes`; of equal ranks the smaller row is
    preferred.
    """
    order = np.lexsort((rank, hashes[:, 1], hashes[:, 0]))
    ordered = hashes[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    leaders = order[first]
    keeper = np.empty(len(order), np.int64)
    keeper[order] = leaders[np.cumsum(first) - 1]
    return keeper


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

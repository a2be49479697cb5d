"""Before near-duplicates: empty texts, ids used twice, equal texts, keeper ranks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.dedup.exact import group_equal
from isinglass.transforms.dedup.keepers import keeper_ranks

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.schemas.config import DedupConfig

NO_RANK = np.uint32(2**32 - 1)
"""Rank of a document that takes no part in deduplication."""


class State(IntEnum):
    """What is known of a document before near-duplicates are looked for."""

    PRESENT = 0
    EMPTY = 1
    DUPLICATE_ID = 2
    UNSCANNABLE = 3


@dataclass(frozen=True)
class Identified:
    """One entry a document, in the order of the survey.

    Attributes:
        state: uint8, a `State`.
        exact_keeper: int64, index of the document that stays for this one's text;
            its own index where nothing equal is preferred.
        rank: uint32, keeper rank (0 is kept first), `NO_RANK` if not PRESENT.
    """

    state: np.ndarray
    exact_keeper: np.ndarray
    rank: np.ndarray


def identify(
    survey: pa.Table,
    dedup: DedupConfig | None,
    unscannable: np.ndarray | None = None,
) -> Identified:
    """Decide what can be decided from hashes alone.

    Memory: about 60 bytes a document at the peak.

    Args:
        survey: Columns of `survey_schema` of all shards, in shard order.
        dedup: The `dedup` section; None turns both kinds of removal off.
        unscannable: Indices of documents that are known to go to quarantine after
            their scan: they must not be what another document is dropped for.
    """
    ids = _words(survey, "doc_high", "doc_low")
    hashes = _words(survey, "hash_high", "hash_low")
    documents = len(ids)
    state = np.zeros(documents, dtype=np.uint8)
    state[survey["blank"].to_numpy()] = State.EMPTY
    state[_ambiguous_ids(survey["id_key"].to_numpy(), ids, hashes, state)] = (
        State.DUPLICATE_ID
    )
    if unscannable is not None:
        state[unscannable] = State.UNSCANNABLE
    present = np.flatnonzero(state == State.PRESENT)
    rank = np.full(documents, NO_RANK, dtype=np.uint32)
    keeper = np.arange(documents, dtype=np.int64)
    collected = survey["collected_at"].take(present) if dedup else None
    rank[present] = keeper_ranks(
        survey["characters"].to_numpy()[present],
        ids[present],
        dedup.keep if dedup else "longest",
        collected.combine_chunks() if collected is not None else None,
        present,
    )
    if dedup is not None and dedup.exact:
        keeper[present] = present[group_equal(hashes[present], rank[present])]
    return Identified(state, keeper, rank)


def _words(survey: pa.Table, high: str, low: str) -> np.ndarray:
    return np.stack([survey[high].to_numpy(), survey[low].to_numpy()], axis=1)


def _ambiguous_ids(
    keys: np.ndarray, ids: np.ndarray, hashes: np.ndarray, state: np.ndarray
) -> np.ndarray:
    """Documents whose id the smallest doc_id of their source uses for another text."""
    rows = np.flatnonzero((keys != 0) & (state == State.PRESENT))
    order = rows[np.lexsort((ids[rows, 1], ids[rows, 0], keys[rows]))]
    if len(order) == 0:
        return order
    starts = np.r_[True, keys[order][1:] != keys[order][:-1]]
    first = order[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))]
    differs = (hashes[order] != hashes[first]).any(axis=1)
    return np.asarray(order[differs])

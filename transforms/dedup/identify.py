"""Before near-duplicates: empty texts, ids used twice, equal texts, keeper ranks."""

from __future__ import annotations

from dataclasses import dataclass, field
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


def _none() -> np.ndarray:
    return np.empty(0, np.int64)


class State(IntEnum):
    """What is known of a document before near-duplicates are looked for.

    Only PRESENT and REFERENCE documents take part in deduplication.
    """

    PRESENT = 0
    EMPTY = 1
    DUPLICATE_ID = 2
    UNSCANNABLE = 3
    ONLY_BOILERPLATE = 4
    CONTAMINATED = 5
    REFERENCE = 6
    ABSENT = 7
    ERASED = 8


@dataclass(frozen=True)
class Known:
    """What earlier steps and earlier runs tell of some documents.

    Attributes:
        unscannable: int64, indices of documents that are known to go to quarantine
            after their scan: they must not be what another document is dropped for.
        only_boilerplate: int64, indices of documents of which nothing would be left.
        erased: int64, indices of documents that a request for erasure takes out.
        reference: bool, one entry a document of earlier runs, which come last in the
            survey: whether that run kept it. Kept ones stay whatever is new.
    """

    unscannable: np.ndarray = field(default_factory=_none)
    only_boilerplate: np.ndarray = field(default_factory=_none)
    erased: np.ndarray = field(default_factory=_none)
    reference: np.ndarray = field(default_factory=lambda: np.empty(0, np.bool_))


@dataclass(frozen=True)
class Identified:
    """One entry a document, in the order of the survey.

    Attributes:
        state: uint8, a `State`.
        exact_keeper: int64, index of the document that stays for this one's text;
            its own index where nothing equal is preferred.
        rank: uint32, keeper rank (0 is kept first), `NO_RANK` if it takes no part.
            References rank before all others.
    """

    state: np.ndarray
    exact_keeper: np.ndarray
    rank: np.ndarray


def identify(
    survey: pa.Table, dedup: DedupConfig | None, known: Known | None = None
) -> Identified:
    """Decide what can be decided from hashes alone.

    Memory: about 60 bytes a document at the peak.

    Args:
        survey: Columns of `survey_schema` of all shards, in shard order; those of
            earlier runs follow.
        dedup: The `dedup` section; None turns both kinds of removal off.
        known: What is known besides.
    """
    known = known or Known()
    ids = _words(survey, "doc_high", "doc_low")
    hashes = _words(survey, "hash_high", "hash_low")
    state = _states(survey, ids, hashes, known)
    present = np.flatnonzero(state == State.PRESENT)
    references = np.flatnonzero(state == State.REFERENCE)
    rank = np.full(len(state), NO_RANK, dtype=np.uint32)
    keeper = np.arange(len(state), dtype=np.int64)
    rank[references[np.lexsort((ids[references, 1], ids[references, 0]))]] = np.arange(
        len(references), dtype=np.uint32
    )
    collected = survey["collected_at"].take(present) if dedup else None
    rank[present] = len(references) + keeper_ranks(
        survey["characters"].to_numpy()[present],
        ids[present],
        dedup.keep if dedup else "longest",
        collected.combine_chunks() if collected is not None else None,
        present,
    )
    if dedup is not None and dedup.exact:
        both = np.concatenate([present, references])
        keeper[both] = both[group_equal(hashes[both], rank[both])]
    return Identified(state, keeper, rank)


def _states(
    survey: pa.Table, ids: np.ndarray, hashes: np.ndarray, known: Known
) -> np.ndarray:
    """State of every document; what is named later here goes before."""
    state = np.zeros(len(ids), dtype=np.uint8)
    own = len(ids) - len(known.reference)
    state[own:] = np.where(known.reference, State.REFERENCE, State.ABSENT)
    mine = state[:own]
    mine[survey["blank"].to_numpy()[:own]] = State.EMPTY
    keys = survey["id_key"].to_numpy()
    state[_ambiguous_ids(keys, ids, hashes, state)] = State.DUPLICATE_ID
    if "contaminated" in survey.column_names:
        found = survey["contaminated"].to_numpy()[:own] & (mine == State.PRESENT)
        mine[found] = State.CONTAMINATED
    state[known.only_boilerplate] = State.ONLY_BOILERPLATE
    state[known.unscannable] = State.UNSCANNABLE
    state[known.erased] = State.ERASED
    return state


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

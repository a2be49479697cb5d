"""Duplicates compared once more: the similarity in the ledger is the true one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import Check, conclude
from isinglass.schemas.reasons import DUPLICATE_REASONS, DropReason
from isinglass.transforms.dedup.shingles import shingle_sets
from isinglass.transforms.dedup.verify import compare
from isinglass.transforms.normalise import normalise
from isinglass.transforms.text import content_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.proof.check import FinishedRun
    from isinglass.schemas.config import DedupConfig
    from isinglass.schemas.documents import DocumentBatch

NAME = "similarity"
MOST_PAIRS = 20_000
"""Removals that are compared; of more, those with the smallest doc_ids, which are
hashes and so a sample at random."""

ROUNDING = 1e-12
"""Far less than one shingle can make, more than a division can lose."""

_COLUMNS = ["doc_id", "reason", "kept_doc_id", "kept_in", "similarity"]


def reader(run: FinishedRun) -> SimilarityReader | None:
    """For a run that removed documents for others of its own; None for any other."""
    dedup = run.config.dedup
    pairs, total = _pairs(run)
    if dedup is None or pairs.num_rows == 0:
        return None
    ids = [*pairs["doc_id"].chunks, *pairs["kept_doc_id"].chunks]
    wanted = pc.unique(pa.chunked_array(ids, pa.string()))
    return SimilarityReader(dedup, pairs, total, wanted)


def not_compared(run: FinishedRun) -> list[Check]:
    """Says so where there is nothing to compare."""
    if reader(run) is not None:
        return []
    return [Check(NAME, "skipped", "no duplicate was removed for one of this run")]


def _pairs(run: FinishedRun) -> tuple[pa.Table, int]:
    """The removals to compare, and how many there are."""
    parts = []
    for _, ledger in run.each("ledger", _COLUMNS):
        duplicate = pc.is_in(ledger["reason"], pa.array(DUPLICATE_REASONS))
        parts.append(ledger.filter(pc.and_(duplicate, pc.is_null(ledger["kept_in"]))))
    if not parts:
        return pa.table({name: [] for name in _COLUMNS}), 0
    table = pa.concat_tables(parts).sort_by("doc_id")
    return table.slice(0, MOST_PAIRS).combine_chunks(), table.num_rows


@dataclass
class _Texts:
    """What is needed of each wanted text: id, hash and shingle set."""

    ids: list[pa.Array] = field(default_factory=list)
    hashes: list[np.ndarray] = field(default_factory=list)
    values: list[np.ndarray] = field(default_factory=list)
    lengths: list[np.ndarray] = field(default_factory=list)


@dataclass
class SimilarityReader:
    """Compares removed documents with the kept ones that the ledger names.

    What was removed for a document of an earlier run is left to `explain`.

    Attributes:
        config: The `dedup` section.
        pairs: Removals to compare.
        total: How many there are.
        wanted: Their doc_ids, of both sides.
    """

    config: DedupConfig
    pairs: pa.Table
    total: int
    wanted: pa.Array
    _texts: _Texts = field(default_factory=_Texts)

    def see(self, shard_id: str, batches: Sequence[DocumentBatch]) -> None:
        """Keep what is needed of the wanted texts of a shard."""
        del shard_id
        found = self._texts
        for batch in batches:
            ids = batch.documents.column("doc_id")
            chosen = batch.documents.filter(pc.is_in(ids, value_set=self.wanted))
            if chosen.num_rows == 0:
                continue
            texts = normalise(chosen.column("text"), self.config.normalise)
            sets = shingle_sets(texts, self.config.ngram)
            found.ids.append(chosen.column("doc_id"))
            found.hashes.append(content_hashes(texts))
            found.values.append(sets.values)
            found.lengths.append(np.diff(sets.offsets))

    def conclude(self, missing: str) -> list[Check]:
        """Whether each similarity in the ledger is the true one."""
        if missing:
            return [Check(NAME, "skipped", missing)]
        faults = _compare(self.pairs, self._texts)
        seen = f"{self.pairs.num_rows:,} of {self.total:,} removals compared"
        return [conclude(NAME, faults, seen)]


def _compare(pairs: pa.Table, texts: _Texts) -> list[str]:
    ids = pa.chunked_array(texts.ids, pa.string())
    places = [
        pc.index_in(pairs[name], value_set=ids) for name in ("kept_doc_id", "doc_id")
    ]
    if any(place.null_count for place in places):
        return ["a removed or kept document is not in the inputs"]
    both = np.stack([place.to_numpy().astype(np.int64) for place in places], axis=1)
    offsets = np.cumsum(np.concatenate([[0], *texts.lengths]))
    found = compare(np.concatenate(texts.values), offsets, both, contained=True)
    assert found.contained is not None
    kept, gone = np.concatenate(texts.hashes)[both.T]
    told = pc.fill_null(pairs["similarity"], -1.0).to_numpy()
    by_reason = {
        DropReason.EXACT_DUPLICATE: (kept == gone).all(axis=1) * 1.0,
        DropReason.NEAR_DUPLICATE: found.jaccard,
        DropReason.CONTAINED: found.contained,
    }
    faults = []
    for reason, true in by_reason.items():
        mine = pc.equal(pairs["reason"], reason.value).to_numpy(zero_copy_only=False)
        wrong = np.flatnonzero(mine & (np.abs(true - told) > ROUNDING))
        faults += [
            f"{pairs['doc_id'][row].as_py()}: similarity {told[row]:.6g} in the "
            f"ledger, {true[row]:.6g} by the texts"
            for row in wrong.tolist()
        ]
    return faults

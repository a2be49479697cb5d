"""Duplicates: what each was removed for is kept, and as similar as it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import COUNTS, EVIDENCE, Check, conclude
from isinglass.pipelines.stage import Written
from isinglass.schemas.config import DedupConfig
from isinglass.schemas.documents import DocumentBatch
from isinglass.schemas.reasons import DUPLICATE_REASONS, DropReason
from isinglass.schemas.statistic import statistics_table
from isinglass.transforms.dedup.candidates import compare
from isinglass.transforms.dedup.edits import EDITS
from isinglass.transforms.dedup.recall import (
    BELOW,
    CONTAINED,
    METRICS,
    SEPARATOR,
    is_measured,
    recall_statistics,
    slices,
    told_counts,
)
from isinglass.transforms.dedup.shingles import Shingles, shingle_sets
from isinglass.transforms.normalise import normalise
from isinglass.transforms.text import content_hashes

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun

_EVIDENCE = ["doc_id", "outcome", "reason", "kept_doc_id", "kept_in", "similarity"]


def written(run: FinishedRun) -> Written:
    """No files of its own; the manifest tells of it if it was asked for."""
    if (run.manifest.dedup is None) == (run.config.dedup is None):
        return Written()
    return Written(faults=["the manifest's dedup does not follow from its config"])


def prove(run: FinishedRun) -> list[Check]:
    """Counts and evidence of the removals, and whether texts can be compared."""
    checks = [check_counts(run), check_evidence(run)]
    if reader(run) is None:
        why = "no duplicate was removed for one of this run"
        checks.append(Check(NAME, "skipped", why))
    return checks


def check_counts(run: FinishedRun) -> Check:
    """The summary of the manifest counts the removals that the records count."""
    summary, dropped = run.manifest.dedup, run.manifest.records.dropped
    if summary is None:
        return conclude(COUNTS, [], "")
    told = (summary.exact_removed, summary.near_removed, summary.contained_removed)
    faults = []
    if told != tuple(dropped.get(reason, 0) for reason in DUPLICATE_REASONS):
        faults.append("dedup and records count different duplicates")
    return conclude(COUNTS, [*faults, *_check_recall(run)], "")


def _check_recall(run: FinishedRun) -> list[str]:
    """Shares, sums and intervals of recall follow from the counts of each edit."""
    told = [row for row in run.statistics() if row.metric in METRICS]
    dedup = run.config.dedup
    if dedup is None or not is_measured(dedup):
        return ["edited copies were counted, but not asked for"] if told else []
    counts = told_counts(told)
    known = {*slices(dedup.threshold), BELOW, CONTAINED}
    for key, (copies, removed) in counts.items():
        edit, _, name = key.partition(SEPARATOR)
        if edit not in EDITS or name not in known or not 0 <= removed <= copies:
            return [f"edited copies of {edit} at {name} are counted wrongly"]
    again = statistics_table(recall_statistics(counts, dedup))
    if not statistics_table(told).equals(again):
        return ["recall of edited copies does not add up"]
    return []


def check_evidence(run: FinishedRun) -> Check:
    """Every duplicate names a document that is kept, and reaches the threshold.

    What an earlier run kept is that run's to prove: here the run must be one that this
    one was held against.
    """
    kept, removed = [], []
    for _, ledger in run.each("ledger", _EVIDENCE):
        kept.append(ledger.filter(pc.equal(ledger["outcome"], "kept"))["doc_id"])
        duplicate = pc.is_in(ledger["reason"], pa.array(DUPLICATE_REASONS))
        removed.append(
            ledger.filter(pc.and_(duplicate, pc.equal(ledger["outcome"], "dropped")))
        )
    if not removed:
        return conclude(EVIDENCE, [], "no records")
    stays = pa.chunked_array([c for column in kept for c in column.chunks], pa.string())
    gone = pa.concat_tables(removed)
    summary = run.manifest.dedup
    known = [earlier.run_id for earlier in summary.against] if summary else []
    named = pc.and_(
        pc.is_in(gone["kept_doc_id"], value_set=stays), pc.is_null(gone["kept_in"])
    )
    elsewhere = pc.and_(
        pc.is_valid(gone["kept_doc_id"]),
        pc.is_in(gone["kept_in"], value_set=pa.array(known, pa.string())),
    )
    faults = []
    lost = gone.num_rows - (pc.sum(pc.or_(named, elsewhere)).as_py() or 0)
    if lost:
        faults.append(f"{lost} duplicates name no kept document")
    others = pc.sum(elsewhere).as_py() or 0
    if summary is not None and summary.removed_for_earlier != others:
        faults.append("dedup and ledger count different removals for earlier runs")
    faults += _check_limits(run, gone)
    detail = f"{gone.num_rows:,} removals"
    if others:
        detail += f", {others:,} of them for documents of earlier runs"
    return conclude(EVIDENCE, faults, detail)


def _check_limits(run: FinishedRun, gone: pa.Table) -> list[str]:
    """Exact duplicates are equal; the others reach their threshold."""
    dedup = run.config.dedup
    if dedup is None:
        return [f"{gone.num_rows} duplicates, but no dedup"] if gone.num_rows else []
    limits = {
        DropReason.EXACT_DUPLICATE: 1.0,
        DropReason.NEAR_DUPLICATE: dedup.threshold,
        # Without containment nothing may go for it.
        DropReason.CONTAINED: 2.0 if dedup.containment is None else dedup.containment,
    }
    # NaN compares false with everything, so only what is in the range may pass.
    similarity = pc.fill_null(gone["similarity"], -1.0)
    right = 0
    for reason, least in limits.items():
        mine = similarity.filter(pc.equal(gone["reason"], reason.value))
        fits = pc.and_(pc.greater_equal(mine, least - 1e-12), pc.less_equal(mine, 1.0))
        right += pc.sum(fits).as_py() or 0
    wrong = gone.num_rows - right
    if wrong:
        return [f"{wrong} duplicates have a similarity that does not allow removal"]
    return []


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
class SimilarityReader:
    """Compares removed documents with the kept ones that the ledger names.

    What was removed for a document of an earlier run is left to `explain`. `wanted` are
    the doc_ids of both sides, `total` is how many pairs there are.
    """

    config: DedupConfig
    pairs: pa.Table
    total: int
    wanted: pa.Array
    _seen: list[tuple[pa.Array, np.ndarray, Shingles]] = field(default_factory=list)

    def see(self, shard_id: str, batches: Sequence[DocumentBatch]) -> None:
        """Keep id, hash and shingle set of the wanted texts of a shard."""
        del shard_id
        for batch in batches:
            ids = batch.documents.column("doc_id")
            chosen = batch.documents.filter(pc.is_in(ids, value_set=self.wanted))
            if chosen.num_rows == 0:
                continue
            texts = normalise(chosen.column("text"), self.config.normalise)
            sets = shingle_sets(texts, self.config.ngram)
            hashes = content_hashes(texts)
            self._seen.append((chosen.column("doc_id"), hashes, sets))

    def conclude(self, missing: str) -> list[Check]:
        """Whether each similarity in the ledger is the true one."""
        if missing:
            return [Check(NAME, "skipped", missing)]
        faults = _compare(self.pairs, self._seen)
        seen = f"{self.pairs.num_rows:,} of {self.total:,} removals compared"
        return [conclude(NAME, faults, seen)]


def _compare(
    pairs: pa.Table, seen: list[tuple[pa.Array, np.ndarray, Shingles]]
) -> list[str]:
    ids = pa.chunked_array([ids for ids, _, _ in seen], pa.string())
    places = [
        pc.index_in(pairs[name], value_set=ids) for name in ("kept_doc_id", "doc_id")
    ]
    if any(place.null_count for place in places):
        return ["a removed or kept document is not in the inputs"]
    both = np.stack([place.to_numpy().astype(np.int64) for place in places], axis=1)
    values = np.concatenate([sets.values for _, _, sets in seen])
    lengths = [np.diff(sets.offsets) for _, _, sets in seen]
    offsets = np.cumsum(np.concatenate([[0], *lengths]))
    found = compare(values, offsets, both, contained=True)
    assert found.contained is not None
    kept, gone = np.concatenate([hashes for _, hashes, _ in seen])[both.T]
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

"""Duplicates: what each was removed for is kept, and similar enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import COUNTS, EVIDENCE, conclude
from isinglass.pipelines.stage import Written
from isinglass.pipelines.stages.dedup.proof_similarity import not_compared
from isinglass.schemas.reasons import DUPLICATE_REASONS, DropReason

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun

_EVIDENCE = [
    "doc_id",
    "outcome",
    "reason",
    "kept_doc_id",
    "kept_in",
    "similarity",
]


def written(run: FinishedRun) -> Written:
    """No files of its own; the manifest tells of it if it was asked for."""
    if (run.manifest.dedup is None) == (run.config.dedup is None):
        return Written()
    return Written(faults=["the manifest's dedup does not follow from its config"])


def prove(run: FinishedRun) -> list[Check]:
    """Counts and evidence of the removals, and whether texts can be compared."""
    return [check_counts(run), check_evidence(run), *not_compared(run)]


def check_counts(run: FinishedRun) -> Check:
    """The summary of the manifest counts the removals that the records count."""
    summary, dropped = run.manifest.dedup, run.manifest.records.dropped
    if summary is None:
        return conclude(COUNTS, [], "")
    told = (summary.exact_removed, summary.near_removed, summary.contained_removed)
    faults = []
    if told != tuple(dropped.get(reason, 0) for reason in DUPLICATE_REASONS):
        faults.append("dedup and records count different duplicates")
    return conclude(COUNTS, faults, "")


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

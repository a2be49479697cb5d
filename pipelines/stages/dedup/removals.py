"""What deduplication removes, from whom and by what evidence; the stop before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import (
    Extent,
    decisions_path,
    read_mapped,
    read_survey,
)
from isinglass.pipelines.engine.workspace import Workspace, read_table
from isinglass.pipelines.stages.dedup.rank import EarlierRun, kept_ids
from isinglass.schemas.config import DedupConfig
from isinglass.schemas.errors import ConfigError, GateError, ReconcileError
from isinglass.schemas.manifest import DedupSummary, EarlierRunSummary, GateResult
from isinglass.schemas.reasons import DUPLICATE_REASONS, DropReason
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.dedup.removals import (
    cluster_statistics,
    removal_gates,
    removal_statistics,
    removal_sums,
)
from isinglass.transforms.dedup.survey import capture_probability, families
from isinglass.transforms.statistics.gates import evaluate_gates
from isinglass.transforms.statistics.sums import Accumulator, add_into

MOST_NAMED = 5
MOST_KNOWN = 20


def removals(workspace: Workspace, places: Sequence[Extent]) -> list[Statistic]:
    """Removed shares by source, language and cluster size, from the decisions."""
    kept: list[pa.Array] = []
    for place in places:
        path = decisions_path(workspace, place.shard_id)
        kept += read_mapped(path, ["kept_doc_id"])["kept_doc_id"].chunks
    clusters = cluster_statistics(pa.chunked_array(kept, pa.string()))
    return [*removal_statistics(_sums(workspace, places)), *clusters]


def _sums(workspace: Workspace, places: Sequence[Extent]) -> Accumulator:
    reasons = pa.array([str(reason) for reason in DUPLICATE_REASONS], pa.string())
    total: Accumulator = {"all": {"documents": 0}, "source": {}, "language": {}}
    for place in places:
        survey = read_survey(workspace, [place], ["source", "language"])
        path = decisions_path(workspace, place.shard_id)
        reason = read_mapped(path, ["reason"])["reason"].combine_chunks()
        gone = pc.is_in(reason, value_set=reasons).to_numpy(zero_copy_only=False)
        names = (survey[name].combine_chunks() for name in ("source", "language"))
        add_into(total, removal_sums(gone, *names))
    return total


def stop_if_too_many(
    workspace: Workspace, places: Sequence[Extent], dedup: DedupConfig
) -> None:
    """Stop a run that would remove more than `dedup.max_removed` allows.

    Raises:
        GateError: Names what would be lost. Nothing was written to `data/`.
        ConfigError: A limit names a source that no document has.
    """
    gates = removal_gates(dedup)
    if not gates:
        return
    sums = _sums(workspace, places)
    results = evaluate_gates(gates, removal_statistics(sums))
    failed = [result for result in results if not result.passed]
    if not failed:
        return
    unknown = [result for result in failed if result.actual is None]
    if unknown:
        name = unknown[0].slice.get("source", "")
        known = ", ".join(sorted(sums["source"])[:MOST_KNOWN])
        raise ConfigError(
            f"dedup.max_removed.sources names {name}, but no document has that source. "
            f"Known: {known}."
        )
    losses = "; ".join(map(_loss, failed))
    counts = [(n, c["removed"], c["documents"]) for n, c in sums["source"].items()]
    counts.sort(key=lambda row: (-row[1] / row[2], row[0]))
    worst = "; ".join(
        f"{name or '(no source)'} {removed:,} of {documents:,}"
        for name, removed, documents in counts[:MOST_NAMED]
    )
    raise GateError(
        f"Deduplication would remove too much: {losses}. Most lose: {worst}. Nothing "
        "was written to data/. `isinglass audit` with the same configuration and "
        "another output shows all of it; if it is right, raise dedup.max_removed and "
        "give --replace."
    )


def _loss(result: GateResult) -> str:
    what = result.slice.get("source") or f"a {result.slice.get('position')}"
    return f"{what} loses {result.actual or 0:.1%} (at most {result.value:.1%})"


MOST_SHOWN = 12
CURVE_POINTS = tuple(round(0.05 * step, 2) for step in range(21))


def check_evidence(
    workspace: Workspace, shard_ids: list[str], earlier: Sequence[EarlierRun]
) -> None:
    """Every document dropped as a duplicate names one that is kept, here or there."""
    columns = ["outcome", "kept_doc_id", "kept_in", "doc_id"]
    ledgers = [
        read_table(workspace.table("ledger", shard_id), columns)
        for shard_id in shard_ids
    ]
    if not ledgers:
        return
    ledger = pa.concat_tables(ledgers)
    named = ledger.filter(pc.is_valid(ledger["kept_doc_id"]))
    kept = ledger.filter(pc.equal(ledger["outcome"], "kept"))["doc_id"]
    here = named.filter(pc.is_null(named["kept_in"]))["kept_doc_id"]
    seen = pc.sum(pc.is_in(here, value_set=kept)).as_py() or 0
    for run in earlier:
        wanted = named.filter(pc.equal(named["kept_in"], run.run_id))["kept_doc_id"]
        for shard_id, _ in run.shards:
            there = kept_ids(run.workspace, shard_id)
            seen += pc.sum(pc.is_in(wanted, value_set=there)).as_py() or 0
    lost = named.num_rows - seen
    if lost:
        raise ReconcileError(
            f"{lost} documents were dropped as duplicates of one that is not kept."
        )


class NearDuplicate(NamedTuple):
    """A removed near-duplicate and the kept document that is its evidence."""

    doc_id: str
    kept_doc_id: str
    similarity: float
    source: str


class NearRemovals(NamedTuple):
    """Removed near-duplicates: the pairs to doubt first, and all by similarity.

    Attributes:
        by_similarity: Lower end, upper end and removals of each hundredth, from the
            first that has any.
    """

    pairs: list[NearDuplicate]
    by_similarity: list[tuple[float, float, int]]


def near_removals(
    workspace: Workspace, shards: Iterable[tuple[str, str]]
) -> NearRemovals:
    """The removals nearest to the threshold come first: they are the ones to doubt.

    `shards` are the (shard_id, source) of all.
    """
    columns = [*NearDuplicate._fields[:3], "reason"]
    near: list[NearDuplicate] = []
    hundredths = np.zeros(101, dtype=np.int64)
    for shard_id, source in shards:
        ledger = read_table(workspace.table("ledger", shard_id), columns)
        mine = pc.equal(ledger["reason"], DropReason.NEAR_DUPLICATE.value)
        found = ledger.filter(mine).drop_columns("reason")
        values = found["similarity"].drop_null().to_numpy()
        hundredths += np.bincount((values * 100 + 1e-9).astype(int), minlength=101)
        order = [("similarity", "ascending"), ("doc_id", "ascending")]
        weakest = found.sort_by(order).slice(0, MOST_SHOWN)
        near += [NearDuplicate(**row, source=source) for row in weakest.to_pylist()]
        near.sort(key=lambda row: (row.similarity, row.doc_id))
        del near[MOST_SHOWN:]
    hundredths[99] += hundredths[100]
    counts = hundredths[:100].tolist()
    first = next((place for place, number in enumerate(counts) if number), 100)
    by_similarity = [(p / 100, (p + 1) / 100, counts[p]) for p in range(first, 100)]
    return NearRemovals(near, by_similarity)


def dedup_summary(
    dedup: DedupConfig,
    earlier: Sequence[EarlierRun],
    counts: Mapping[str, int],
    resolved: Mapping[str, int],
) -> DedupSummary:
    """What deduplication removed, and what it could see at each similarity.

    `counts` are the sums of the clean pass, `resolved` those of the verdict.
    """
    curve = [
        (value, capture_probability(value, dedup.bands, dedup.rows))
        for value in CURVE_POINTS
    ]

    def removed(reason: DropReason) -> int:
        return counts.get(f"dropped.{reason.value}", 0)

    return DedupSummary(
        exact_removed=removed(DropReason.EXACT_DUPLICATE),
        near_removed=removed(DropReason.NEAR_DUPLICATE),
        contained_removed=removed(DropReason.CONTAINED),
        removed_for_earlier=resolved["for_earlier"],
        families=families(dedup),
        candidate_pairs=resolved["candidate_pairs"],
        verified_pairs=resolved["verified_pairs"],
        capture_curve=curve if dedup.fuzzy else [],
        against=[
            EarlierRunSummary(path=path, run_id=run.run_id, documents=run.kept)
            for path, run in zip(dedup.against, earlier, strict=True)
        ],
    )

"""At the close: removals have their evidence; some of them, and their summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import Workspace, read_table
from isinglass.pipelines.stages.dedup.earlier_runs import kept_ids
from isinglass.schemas.errors import ReconcileError
from isinglass.schemas.manifest import DedupSummary, EarlierRunSummary
from isinglass.schemas.reasons import DropReason
from isinglass.transforms.dedup.fingerprints import families
from isinglass.transforms.dedup.minhash import capture_probability

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from isinglass.pipelines.stages.dedup.earlier_runs import EarlierRun
    from isinglass.schemas.config import DedupConfig

MOST_SHOWN = 12
CURVE_POINTS = tuple(round(0.05 * step, 2) for step in range(21))


def check_evidence(
    workspace: Workspace, shard_ids: list[str], earlier: Sequence[EarlierRun]
) -> None:
    """Every document dropped as a duplicate names one that is kept, here or there.

    Raises:
        ReconcileError: A removal has no evidence.
    """
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


def near_examples(
    workspace: Workspace, shards: Iterable[tuple[str, str]]
) -> list[NearDuplicate]:
    """The removals nearest to the threshold: they are the ones to doubt first.

    `shards` are the (shard_id, source) of all.
    """
    columns = [*NearDuplicate._fields[:3], "reason"]
    near: list[NearDuplicate] = []
    for shard_id, source in shards:
        ledger = read_table(workspace.table("ledger", shard_id), columns)
        mine = pc.equal(ledger["reason"], DropReason.NEAR_DUPLICATE.value)
        found = ledger.filter(mine).drop_columns("reason")
        order = [("similarity", "ascending"), ("doc_id", "ascending")]
        weakest = found.sort_by(order).slice(0, MOST_SHOWN)
        near += [NearDuplicate(**row, source=source) for row in weakest.to_pylist()]
        near.sort(key=lambda row: (row.similarity, row.doc_id))
        del near[MOST_SHOWN:]
    return near


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

"""Conservation and evidence, recomputed from ledger, data and quarantine."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import conclude
from isinglass.schemas.reasons import DUPLICATE_REASONS, DropReason, Outcome

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun

_PLACE = ["doc_id", "shard", "path", "row", "reason"]
_LEDGER = [*_PLACE, "outcome", "chars_in", "chars_out"]
_EVIDENCE = [
    "doc_id",
    "outcome",
    "reason",
    "kept_doc_id",
    "kept_in",
    "similarity",
    "evaluation_item",
]


def check_books(run: FinishedRun) -> Check:
    """Ledger, data, quarantine and manifest tell the same story, to the record."""
    faults: list[str] = []
    outcomes: Counter[tuple[str, str]] = Counter()
    characters: Counter[str] = Counter()
    everything = []
    for shard, ledger in run.each("ledger", _LEDGER):
        everything.append(ledger["doc_id"])
        for row in _grouped(ledger):
            outcomes[row["outcome"], row["reason"]] += row["doc_id_count"]
            characters[row["outcome"]] += row["chars_in_sum"] or 0
            characters["out"] += row["chars_out_sum"] or 0
        faults += _check_members(run, shard, ledger)
    records = run.manifest.records
    expected = {(Outcome.KEPT.value, ""): records.kept}
    expected |= {(Outcome.DROPPED.value, k): n for k, n in records.dropped.items()}
    expected |= {
        (Outcome.QUARANTINED.value, k): n for k, n in records.quarantined.items()
    }
    expected = {key: n for key, n in expected.items() if n}
    if dict(outcomes) != expected:
        faults.append("ledger and manifest count different outcomes")
    if sum(outcomes.values()) != records.total_in:
        faults.append("the ledger does not have one row a record")
    faults += _check_characters(run, characters)
    ids = pa.chunked_array(
        [c for column in everything for c in column.chunks], pa.string()
    )
    if pc.count_distinct(ids).as_py() != len(ids):
        faults.append("a doc_id occurs twice in the ledger")
    return conclude("conservation", faults, f"{records.total_in:,} records")


def _grouped(ledger: pa.Table) -> list[dict[str, Any]]:
    filled = ledger.select(
        ["doc_id", "outcome", "chars_in", "chars_out"]
    ).append_column("reason", pc.fill_null(ledger["reason"], ""))
    sums = [("doc_id", "count"), ("chars_in", "sum"), ("chars_out", "sum")]
    rows: list[dict[str, Any]] = (
        filled.group_by(["outcome", "reason"]).aggregate(sums).to_pylist()
    )
    return rows


def _check_members(run: FinishedRun, shard: str, ledger: pa.Table) -> list[str]:
    """Kept rows are those of `data/`, quarantined ones those of `quarantine/`."""
    faults = []
    if not pc.all(pc.equal(ledger["shard"], shard), min_count=0).as_py():
        faults.append(f"ledger/{shard} has a row of another shard")
    data = run.read("data", shard, ["doc_id", "text"])
    if data is not None:
        lengths = pc.cast(pc.utf8_length(data["text"]), pa.int64())
        data = data.select(["doc_id"]).append_column("chars_out", lengths)
    quarantine = run.read("quarantine", shard, _PLACE)
    for table, found, outcome in (
        ("data", data, Outcome.KEPT),
        ("quarantine", quarantine, Outcome.QUARANTINED),
    ):
        if found is None:
            continue
        wanted = ledger.filter(pc.equal(ledger["outcome"], outcome.value))
        if not _same(found, wanted):
            faults.append(f"{table}/{shard} does not hold what the ledger says")
    return faults


def _same(found: pa.Table, wanted: pa.Table) -> bool:
    """The columns of `found` are in `wanted` too, whatever the order of rows."""
    order = [(name, "ascending") for name in found.schema.names]
    found = found.sort_by(order)
    wanted = wanted.select(found.schema.names).sort_by(order)
    return all(found[name].equals(wanted[name]) for name in found.schema.names)


def _check_characters(run: FinishedRun, seen: Counter[str]) -> list[str]:
    told = run.manifest.characters
    faults = []
    for name, value in (("dropped", told.dropped), ("quarantined", told.quarantined)):
        if seen[name] != value:
            faults.append(f"characters {name}: ledger {seen[name]}, manifest {value}")
    if seen["out"] != told.kept:
        faults.append(f"characters kept: ledger {seen['out']}, manifest {told.kept}")
    if told.total_in - told.dropped - told.quarantined != seen[Outcome.KEPT.value]:
        faults.append("characters in do not add up")
    whole = seen[Outcome.KEPT.value] - told.cut
    if whole - told.redacted + told.inserted != told.kept:
        faults.append("characters cut, redacted and inserted do not add up")
    if _characters_cut(run) != told.cut:
        faults.append("paragraphs/ and manifest count different characters cut")
    return faults


def _characters_cut(run: FinishedRun) -> int:
    """Code points of the spans that `paragraphs/` says were removed."""
    total = 0
    for _, table in run.each("paragraphs", ["start", "end", "removed"]):
        removed = table.filter(table["removed"])
        total += pc.sum(pc.subtract(removed["end"], removed["start"])).as_py() or 0
    return total


def check_evidence(run: FinishedRun) -> Check:
    """Every duplicate names a document that is kept, and reaches the threshold.

    What an earlier run kept is that run's to prove: here the run must be one that this
    one was held against.
    """
    kept, removed = [], []
    faults = []
    for shard, ledger in run.each("ledger", _EVIDENCE):
        reason = DropReason.CONTAMINATED.value
        dirty = ledger.filter(pc.equal(ledger["reason"], reason))
        if dirty["evaluation_item"].null_count:
            faults.append(
                f"ledger/{shard} drops for an evaluation item, but names none"
            )
        kept.append(ledger.filter(pc.equal(ledger["outcome"], "kept"))["doc_id"])
        duplicate = pc.is_in(ledger["reason"], pa.array(DUPLICATE_REASONS))
        removed.append(
            ledger.filter(pc.and_(duplicate, pc.equal(ledger["outcome"], "dropped")))
        )
    if not removed:
        return conclude("evidence", [], "no records")
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
    lost = gone.num_rows - (pc.sum(pc.or_(named, elsewhere)).as_py() or 0)
    if lost:
        faults.append(f"{lost} duplicates name no kept document")
    others = pc.sum(elsewhere).as_py() or 0
    if summary is not None and summary.removed_for_earlier != others:
        faults.append("dedup and ledger count different removals for earlier runs")
    faults += _check_similarity(run, gone)
    detail = f"{gone.num_rows:,} removals"
    if others:
        detail += f", {others:,} of them for documents of earlier runs"
    return conclude("evidence", faults, detail)


def _check_similarity(run: FinishedRun, gone: pa.Table) -> list[str]:
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

"""Conservation, recomputed from ledger, data and quarantine."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import CONSERVATION, conclude
from isinglass.pipelines.sums import conserved, told_sums, unequal
from isinglass.schemas.reasons import Outcome

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun

_PLACE = ["doc_id", "shard", "path", "row", "reason"]
_LEDGER = [*_PLACE, "outcome", "chars_in", "chars_out"]
_OUTCOMES = [str(outcome) for outcome in Outcome]


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
    if dict(outcomes) != _told_outcomes(run):
        faults.append("ledger and manifest count different outcomes")
    counts = _counts(run, outcomes, characters)
    faults += unequal([*conserved(counts), *told_sums(counts, run.manifest)])
    ids = pa.chunked_array(
        [c for column in everything for c in column.chunks], pa.string()
    )
    if pc.count_distinct(ids).as_py() != len(ids):
        faults.append("a doc_id occurs twice in the ledger")
    seen = f"{run.manifest.records.total_in:,} records"
    return conclude(CONSERVATION, faults, seen)


def _told_outcomes(run: FinishedRun) -> dict[tuple[str, str], int]:
    """Records by outcome and reason, as the manifest tells of them."""
    records = run.manifest.records
    told = {(Outcome.KEPT.value, ""): records.kept}
    told |= {(Outcome.DROPPED.value, k): n for k, n in records.dropped.items()}
    told |= {(Outcome.QUARANTINED.value, k): n for k, n in records.quarantined.items()}
    return {key: n for key, n in told.items() if n}


def _counts(
    run: FinishedRun,
    outcomes: Counter[tuple[str, str]],
    characters: Counter[str],
) -> dict[str, int]:
    """What the ledger counts, under the names of the clean pass.

    What comes in, and the changes of kept texts, are told by the manifest alone.
    """
    told = run.manifest.characters
    return {
        "records_in": run.manifest.records.total_in,
        **{
            f"{outcome}.{reason}".strip("."): n
            for (outcome, reason), n in outcomes.items()
        },
        "characters_in": told.total_in,
        **{f"characters_{name}": characters[name] for name in _OUTCOMES},
        "characters_out": characters["out"],
        "characters_cut": told.cut,
        "characters_redacted": told.redacted,
        "characters_inserted": told.inserted,
    }


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

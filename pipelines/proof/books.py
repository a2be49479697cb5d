"""Conservation, recomputed from ledger, data and quarantine."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import CONSERVATION, conclude
from isinglass.pipelines.stage import Sum
from isinglass.pipelines.sums import conserved, told_counts, unequal
from isinglass.schemas.reasons import Outcome

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun

_PLACE = ["doc_id", "shard", "path", "row", "reason"]
_LEDGER = [*_PLACE, "outcome", "chars_in", "chars_out"]
_OUTCOMES = frozenset(Outcome)
_COUNTED = {
    "dropped": "characters_dropped",
    "quarantined": "characters_quarantined",
    "kept": "characters_out",
}
"""Characters that ledger and manifest both count."""


def check_books(run: FinishedRun) -> Check:
    """Ledger, data, quarantine and manifest tell the same story, to the record."""
    faults: list[str] = []
    outcomes: Counter[str] = Counter()
    characters = Counter({f"characters_{name}": 0 for name in (*_OUTCOMES, "out")})
    everything = []
    for shard, ledger in run.each("ledger", _LEDGER):
        everything.append(ledger["doc_id"])
        for row in _grouped(ledger):
            name = f"{row['outcome']}.{row['reason']}".strip(".")
            outcomes[name] += row["doc_id_count"]
            characters[f"characters_{row['outcome']}"] += row["chars_in_sum"] or 0
            characters["characters_out"] += row["chars_out_sum"] or 0
        faults += _check_members(run, shard, ledger)
    told = told_counts(run.manifest)
    known = {n: count for n, count in told.items() if n.partition(".")[0] in _OUTCOMES}
    if outcomes != Counter(known):
        faults.append("ledger and manifest count different outcomes")
    # What comes in, and the changes of kept texts, are told by the manifest alone.
    own = {n: count for n, count in told.items() if n not in known}
    faults += unequal(
        [
            *conserved({**own, **outcomes, **characters}),
            *(
                Sum(f"characters {what}: ledger = manifest", characters[n], told[n])
                for what, n in _COUNTED.items()
            ),
        ]
    )
    ids = pa.chunked_array(
        [c for column in everything for c in column.chunks], pa.string()
    )
    if pc.count_distinct(ids).as_py() != len(ids):
        faults.append("a doc_id occurs twice in the ledger")
    seen = f"{run.manifest.records.total_in:,} records"
    return conclude(CONSERVATION, faults, seen)


def _grouped(ledger: pa.Table) -> list[dict[str, Any]]:
    names = ["doc_id", "outcome", "chars_in", "chars_out"]
    reasons = pc.fill_null(ledger["reason"], "")
    filled = ledger.select(names).append_column("reason", reasons)
    sums = [("doc_id", "count"), ("chars_in", "sum"), ("chars_out", "sum")]
    grouped = filled.group_by(["outcome", "reason"]).aggregate(sums)
    rows: list[dict[str, Any]] = grouped.to_pylist()
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

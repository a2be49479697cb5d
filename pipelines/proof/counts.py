"""Inputs and records: what the manifest counts, against ledger and statistics."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from isinglass.pipelines.proof.check import COUNTS, conclude

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.schemas.statistic import Statistic


def check_counts(run: FinishedRun) -> Check:
    """Inputs and records are counted alike everywhere."""
    paths: Counter[str] = Counter()
    for _, ledger in run.each("ledger", ["path"]):
        for entry in ledger["path"].value_counts().to_pylist():
            paths[entry["values"]] += entry["counts"]
    faults = [*_check_inputs(run, paths), *_check_records(run, run.statistics())]
    return conclude(COUNTS, faults, "")


def _check_inputs(run: FinishedRun, paths: Counter[str]) -> list[str]:
    told: Counter[str] = Counter()
    for file in run.manifest.inputs:
        told[file.path] += file.rows
    return [
        f"input {path}: ledger {paths[path]} rows, manifest {told[path]}"
        for path in sorted({*told, *paths})
        if told[path] != paths[path]
    ]


def _check_records(run: FinishedRun, statistics: list[Statistic]) -> list[str]:
    records = run.manifest.records
    own: dict[tuple[str, str | None], float] = {
        ("records.in", None): records.total_in,
        ("records.kept", None): records.kept,
    }
    for name in ("dropped", "quarantined"):
        reasons: dict[str, int] = getattr(records, name)
        own["records." + name, None] = sum(reasons.values())
        own |= {("records." + name, reason): n for reason, n in reasons.items()}
    faults = []
    rows = [s for s in statistics if s.metric.startswith("records.")]
    if {(s.metric, s.reason): s.value for s in rows} != own or len(rows) != len(own):
        faults.append("statistics and manifest count different records")
    if any((s.numerator, s.denominator) != (s.value, records.total_in) for s in rows):
        faults.append("statistics of records have a wrong numerator or denominator")
    bad = sum(records.quarantined.values())
    rate = bad / records.total_in if records.total_in else 0.0
    if [s.value for s in statistics if s.metric == "quarantine.rate"] != [rate]:
        faults.append("quarantine.rate is not that of the records")
    return faults

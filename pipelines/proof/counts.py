"""What the manifest counts, against the tables and the statistics of the run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import conclude
from isinglass.pipelines.proof.encoded import encoding_faults
from isinglass.pipelines.stages.pii.operators import operators_used
from isinglass.pipelines.stages.pii.proof_recall import check_recall
from isinglass.schemas.manifest import FindingCount
from isinglass.schemas.reasons import DUPLICATE_REASONS
from isinglass.transforms.pii.erasure.spans import erasing_operators
from isinglass.transforms.pii.operators.apply import KEY_DIGITS

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.schemas.statistic import Statistic

_SPAN = ["doc_id", "entity", "operator", "value_key"]
_LEDGER = ["doc_id", "path", "outcome", "spans_changed"]
_VALUE_KEY = f"^[0-9a-f]{{{KEY_DIGITS}}}$"
KEEP = "keep"


def check_counts(run: FinishedRun) -> Check:
    """Findings, spans, recall, inputs and records are counted alike everywhere."""
    faults: list[str] = []
    found: Counter[tuple[str, str]] = Counter()
    paths: Counter[str] = Counter()
    for shard, ledger in run.each("ledger", _LEDGER):
        for entry in ledger["path"].value_counts().to_pylist():
            paths[entry["values"]] += entry["counts"]
        findings = run.read("findings", shard, _SPAN)
        faults += _check_spans(shard, ledger, findings)
        if findings is not None:
            for entry in _grouped(findings):
                found[entry["entity"], entry["operator"]] += entry["count_all"]
    statistics = run.statistics()
    faults += _check_inputs(run, paths)
    faults += _check_findings(run, found, statistics)
    faults += check_recall(run, statistics)
    faults += _check_records(run, statistics)
    faults += _check_summaries(run)
    return conclude("counts", faults, f"{sum(found.values()):,} findings")


def _grouped(findings: pa.Table) -> list[dict[str, Any]]:
    groups = findings.group_by(["entity", "operator"]).aggregate([([], "count_all")])
    rows: list[dict[str, Any]] = groups.to_pylist()
    return rows


def _check_spans(shard: str, ledger: pa.Table, findings: pa.Table | None) -> list[str]:
    """Changed spans of each document; well-formed value keys."""
    faults = []
    counted = np.zeros(ledger.num_rows, dtype=np.int64)
    if findings is not None and findings.num_rows:
        ids = ledger["doc_id"].combine_chunks()
        place = pc.index_in(findings["doc_id"], value_set=ids)
        if place.null_count:
            return [f"findings/{shard} names a document that is not in the ledger"]
        changed = pc.not_equal(findings["operator"], KEEP)
        chosen = place.filter(changed).to_numpy()
        counted = np.bincount(chosen, minlength=ledger.num_rows)
        kept = pc.equal(ledger["outcome"], "kept").take(place.combine_chunks())
        if not pc.all(kept).as_py():
            faults.append(f"findings/{shard} names a document that is not kept")
        keys = pc.match_substring_regex(findings["value_key"], _VALUE_KEY)
        if not pc.all(keys).as_py():
            faults.append(f"findings/{shard} holds a value_key that is not one")
    told = pc.fill_null(ledger["spans_changed"], 0).to_numpy()
    if not np.array_equal(counted, told):
        faults.append(f"ledger/{shard}: spans_changed is not as in the findings")
    return faults


def _check_inputs(run: FinishedRun, paths: Counter[str]) -> list[str]:
    told: Counter[str] = Counter()
    for file in run.manifest.inputs:
        told[file.path] += file.rows
    return [
        f"input {path}: ledger {paths[path]} rows, manifest {told[path]}"
        for path in sorted({*told, *paths})
        if told[path] != paths[path]
    ]


def _check_findings(
    run: FinishedRun, found: Counter[tuple[str, str]], statistics: list[Statistic]
) -> list[str]:
    pii = run.config.pii
    if run.config.erase is not None:
        pii = erasing_operators(pii)
    faults = [
        f"{entity} findings have the operator {operator}, which is not configured"
        for entity, operator in sorted(found)
        if pii is None or pii.settings_of(entity).operator != operator
    ]
    kinds: dict[str, Counter[str]] = {}
    for (entity, operator), number in found.items():
        counts = kinds.setdefault(entity, Counter())
        counts["found"] += number
        counts["kept" if operator == KEEP else "changed"] += number
    own = {
        entity: FindingCount(found=n["found"], changed=n["changed"], kept=n["kept"])
        for entity, n in kinds.items()
    }
    if own != run.manifest.findings:
        faults.append("findings/ and manifest count different findings")
    if run.manifest.operators != operators_used(run.config, own):
        faults.append("the manifest has operators that are not configured")
    rows = {
        (s.metric.removeprefix("pii."), s.entity): s.value
        for s in statistics
        if s.metric in {"pii.found", "pii.changed", "pii.kept"}
    }
    wanted = {(k, entity): n for entity, c in kinds.items() for k, n in c.items()}
    if {key: n for key, n in rows.items() if n} != wanted:
        faults.append("findings/ and statistics count different findings")
    return faults


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


def _check_summaries(run: FinishedRun) -> list[str]:
    """The manifest's summaries against its records, the ledger and the tokens."""
    manifest, faults = run.manifest, []
    if manifest.dedup is not None:
        told = (
            manifest.dedup.exact_removed,
            manifest.dedup.near_removed,
            manifest.dedup.contained_removed,
        )
        dropped = manifest.records.dropped
        if told != tuple(dropped.get(reason, 0) for reason in DUPLICATE_REASONS):
            faults.append("dedup and records count different duplicates")
    told_items = manifest.decontamination
    items = sum(
        len(t) - t["evaluation_item"].null_count for _, t in run.each("ledger", _ITEMS)
    )
    if items != (told_items.documents if told_items is not None else 0):
        faults.append("ledger and manifest count different evaluation items")
    faults += encoding_faults(run)
    return faults


_ITEMS = ["evaluation_item"]

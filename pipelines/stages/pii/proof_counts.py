"""What manifest, ledger and statistics count, against `findings/` and each other."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import COUNTS, conclude
from isinglass.pipelines.stages.pii.counts import (
    finding_counts,
    finding_statistics,
    operator_of,
    operators_used,
)
from isinglass.pipelines.stages.pii.recall import (
    AXES,
    RECALL,
    expected_leftovers,
    single_statistics,
)
from isinglass.pipelines.stages.pii.second_scan import (
    METRICS,
    scans_twice,
    second_scan_statistics,
)
from isinglass.schemas.statistic import statistics_table
from isinglass.transforms.pii.operators.apply import KEY_DIGITS
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.schemas.statistic import Statistic

_SPAN = ["doc_id", "entity", "operator", "value_key"]
_LEDGER = ["doc_id", "outcome", "spans_changed"]
_VALUE_KEY = f"^[0-9a-f]{{{KEY_DIGITS}}}$"
KEEP = "keep"


def check_counts(run: FinishedRun) -> Check:
    """Findings, changed spans and recall are counted alike everywhere."""
    faults: list[str] = []
    found: Counter[tuple[str, str]] = Counter()
    for shard, ledger in run.each("ledger", _LEDGER):
        findings = run.read("findings", shard, _SPAN)
        faults += _check_spans(shard, ledger, findings)
        if findings is not None:
            groups = findings.group_by(["entity", "operator"])
            for entry in groups.aggregate([([], "count_all")]).to_pylist():
                found[entry["entity"], entry["operator"]] += entry["count_all"]
    statistics = run.statistics()
    faults += _check_findings(run, found, statistics)
    faults += _check_recall(run, statistics)
    return conclude(COUNTS, faults, f"{sum(found.values()):,} findings")


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


def _check_findings(
    run: FinishedRun, found: Counter[tuple[str, str]], statistics: list[Statistic]
) -> list[str]:
    faults = [
        f"{entity} findings have the operator {operator}, which is not configured"
        for entity, operator in sorted(found)
        if not run.is_foreign(entity) and operator_of(run.config, entity) != operator
    ]
    counts = Counter[str]()
    for (entity, operator), number in found.items():
        counts[f"finding.{entity}.found"] += number
        became = "kept" if operator == KEEP else "changed"
        counts[f"finding.{entity}.{became}"] += number
    own = finding_counts(counts)
    if own != run.manifest.findings:
        faults.append("findings/ and manifest count different findings")
    searched = [entity for entity in own if not run.is_foreign(entity)]
    if run.manifest.operators != operators_used(run.config, searched):
        faults.append("the manifest has operators that are not configured")
    metrics = {"pii.found", "pii.changed", "pii.kept"}
    told = statistics_table(s for s in statistics if s.metric in metrics and s.value)
    if not told.equals(statistics_table(finding_statistics(counts, words=0))):
        faults.append("findings/ and statistics count different findings")
    return faults


def _check_recall(run: FinishedRun, statistics: list[Statistic]) -> list[str]:
    """Recall of entities and of their parts: shares, intervals, sums, leftovers."""
    manifest = run.manifest
    rows = [s for s in statistics if s.metric == RECALL]
    for row in rows:
        planted, hits = int(row.denominator or 0), int(row.numerator or 0)
        if not 0 <= hits <= planted or planted == 0 or row.value != hits / planted:
            return [f"the recall of {row.entity} is not a share"]
        if (row.low, row.high) != wilson(hits, planted):
            return [f"the interval of the recall of {row.entity} is wrong"]
    faults = []
    told = single_statistics(manifest.recall, manifest.recall_slices)
    single = [row for row in rows if row.position is None or row.language is None]
    parts = [*manifest.recall.values(), *manifest.recall_slices]
    if not statistics_table(told).equals(statistics_table(single)) or any(
        part.found + part.found_as_other > part.planted for part in parts
    ):
        faults.append("recall of the manifest is not that of the statistics")
    if not _sums_agree(rows):
        faults.append("recall by position, language or source does not add up")
    faults += _check_second_scan(run, statistics)
    left = expected_leftovers(manifest.findings, manifest.recall)
    if manifest.expected_leftovers != left:
        faults.append("expected leftovers do not follow from findings and recall")
    return faults


def _sums_agree(rows: list[Statistic]) -> bool:
    """Whether what was planted and found adds up along every axis."""
    sums: dict[tuple[bool, ...], Counter[tuple[str | None, str]]] = {}
    for row in rows:
        part = sums.setdefault(tuple(bool(getattr(row, a)) for a in AXES), Counter())
        part[row.entity, "planted"] += int(row.denominator or 0)
        part[row.entity, "found"] += int(row.numerator or 0)
    whole = sums.get((False,) * len(AXES), Counter())
    return all(+part == +whole for part in sums.values())


def _check_second_scan(run: FinishedRun, statistics: list[Statistic]) -> list[str]:
    """The second scan is there where it must be, and as the statistics have it."""
    scan = run.manifest.second_scan
    if (scan is not None) != scans_twice(run.config.pii, run.manifest.verb):
        return ["the second scan is missing, or was not asked for"]
    if scan is not None and scan.documents != run.manifest.records.kept:
        return ["the second scan is not of all kept documents"]
    told = statistics_table(second_scan_statistics(scan))
    counted = statistics_table(s for s in statistics if s.metric in METRICS)
    if not told.equals(counted):
        return ["hits of the second scan differ between manifest and statistics"]
    return []

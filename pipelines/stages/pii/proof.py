"""Personal data: what was found is counted, stands where it is said to, and is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import COUNTS, Check, FinishedRun, conclude
from isinglass.pipelines.proof.source import rebuilt
from isinglass.pipelines.stage import Rebuilt, Written
from isinglass.pipelines.stages.pii.counts import (
    finding_counts,
    finding_statistics,
    operator_of,
    operators_used,
)
from isinglass.pipelines.stages.pii.leftovers import UNREAD, unread_statistics
from isinglass.pipelines.stages.pii.proof_hits import check_hits
from isinglass.pipelines.stages.pii.recall import (
    AXES,
    LEFTOVER_RATE,
    LEFTOVERS,
    RECALL,
    expected_leftovers,
    findable,
    leftover_statistics,
    single_statistics,
)
from isinglass.pipelines.stages.pii.second_scan import (
    METRICS,
    scans_twice,
    second_scan_statistics,
)
from isinglass.schemas.statistic import Statistic, statistics_table
from isinglass.schemas.tables import FINDINGS
from isinglass.transforms.pii.operators.generalise import may_be_generalised
from isinglass.transforms.pii.operators.normalised import normalised
from isinglass.transforms.pii.operators.replacement import KEY_DIGITS, operate
from isinglass.transforms.pii.operators.surrogates import may_be_surrogate
from isinglass.transforms.statistics.fold import words_by_source
from isinglass.transforms.statistics.intervals import wilson

SPAN = [
    *("doc_id", "start", "end", "clean_start", "clean_end"),
    *("entity", "operator", "value_key"),
]
"""Columns of `findings/` that say what became of a span."""


def written(run: FinishedRun) -> Written:
    """The findings of each shard."""
    if not run.config.finds:
        return Written()
    return Written({"findings/{shard}.parquet": FINDINGS})


def prove(run: FinishedRun) -> list[Check]:
    """Counts and offsets of the findings."""
    counts = check_counts(run)
    hits = [check_hits(run)] if counts.status == "passed" else []
    return [counts, *hits, check_findings(run)]


def rebuild(run: FinishedRun, shard_id: str) -> dict[str, list[Rebuilt]]:
    """The findings of a shard by doc_id, also those that were erased on request."""
    spans: dict[str, list[Rebuilt]] = {}
    findings = run.read("findings", shard_id, SPAN)
    if findings is None:
        return spans
    for row in findings.to_pylist():
        if run.is_foreign(row["entity"]):
            continue
        output = partial(operate, row["operator"], row["entity"], mark=row["value_key"])
        spans.setdefault(row["doc_id"], []).append(rebuilt(row, output))
    return spans


def check_findings(run: FinishedRun) -> Check:
    """Each finding is at its offsets in `data/`; `data.pii` lists the same spans.

    Surrogates are of the range that is reserved for their kind, and equal where value
    keys are equal; with the inputs at hand `rebuild` makes each again.
    """
    if not run.paths("findings") or not run.paths("data"):
        faults = [
            f"data/{shard} has spans, but no findings"
            for shard, data in run.each("data", ["pii"])
            if len(pc.list_flatten(data["pii"]))
        ]
        if faults:
            return conclude("findings", faults, "")
        return Check("findings", "skipped", "no findings or no text was written")
    faults, seen = [], 0
    surrogates: dict[tuple[str, str], str] = {}
    for shard, findings in run.each("findings", SPAN):
        data = run.read("data", shard, ["doc_id", "text", "pii"])
        assert data is not None
        expected: dict[str, list[dict[str, Any]]] = {}
        for found in findings.to_pylist():
            expected.setdefault(found["doc_id"], []).append(found)
        seen += findings.num_rows
        for row in _with_spans(data, expected):
            spans = expected.pop(row["doc_id"], [])
            own = [span for span in spans if not run.is_foreign(span["entity"])]
            outputs = (_is_output(row["text"], span) for span in own)
            if not _fits(row, spans) or not all(outputs):
                faults.append(f"{row['doc_id']}: a finding is not at its offsets")
            elif not _agree(row["text"], own, surrogates):
                faults.append(f"{row['doc_id']}: another surrogate for the same value")
        faults += [f"{doc_id}: findings, but not in data/" for doc_id in expected]
    return conclude("findings", faults, f"{seen:,} findings at their offsets")


def _with_spans(data: pa.Table, named: Iterable[str]) -> list[dict[str, Any]]:
    """Rows of `data` that have findings on either side."""
    named = pc.is_in(data["doc_id"], value_set=pa.array(list(named), pa.string()))
    marked = pc.greater(pc.list_value_length(data["pii"]), 0)
    rows: list[dict[str, Any]] = data.filter(pc.or_(named, marked)).to_pylist()
    return rows


def _fits(row: dict[str, Any], spans: list[dict[str, Any]]) -> bool:
    listed = [(s["start"], s["end"], s["entity"], s["operator"]) for s in row["pii"]]
    spans = sorted(spans, key=lambda span: (span["start"], span["end"]))
    own = [
        (s["clean_start"], s["clean_end"], s["entity"], s["operator"]) for s in spans
    ]
    places = [0, *(p for start, end, *_ in own for p in (start, end)), len(row["text"])]
    return listed == own and None not in places and places == sorted(places)


def _is_output(text: str, span: dict[str, Any]) -> bool:
    """What an operator put in place; the hidden value itself is not needed here."""
    piece = text[span["clean_start"] : span["clean_end"]]
    operator, length = span["operator"], span["end"] - span["start"]
    if operator == "surrogate":
        return may_be_surrogate(span["entity"], piece) and bool(piece) == bool(length)
    if operator == "generalise":
        return may_be_generalised(span["entity"], piece)
    if operator == "mask":
        return len(piece) == length and not any(c.isalnum() for c in piece)
    if operator == "keep":
        return len(piece) == length > 0
    if operator not in {"replace", "redact", "hash"}:
        return False
    return piece == operate(operator, span["entity"], "", span["value_key"])


def _agree(
    text: str, spans: list[dict[str, Any]], surrogates: dict[tuple[str, str], str]
) -> bool:
    """Equal value keys have equal surrogates, but for how they are written.

    Only ASCII ones are compared: letters that change their number with their case or
    normal form make spellings of one value differ in more than case.
    """
    for span in spans:
        piece = text[span["clean_start"] : span["clean_end"]]
        if span["operator"] != "surrogate" or not piece.isascii():
            continue
        entity, mark = span["entity"], span["value_key"]
        own = normalised(entity, piece)
        if surrogates.setdefault((entity, mark), own) != own:
            return False
    return True


_COUNTED = ["doc_id", "entity", "operator", "value_key"]
_LEDGER = ["doc_id", "outcome", "spans_changed"]
_VALUE_KEY = f"^[0-9a-f]{{{KEY_DIGITS}}}$"


def check_counts(run: FinishedRun) -> Check:
    """Findings, changed spans and recall are counted alike everywhere."""
    faults: list[str] = []
    found: Counter[tuple[str, str]] = Counter()
    for shard, ledger in run.each("ledger", _LEDGER):
        findings = run.read("findings", shard, _COUNTED)
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
        changed = pc.not_equal(findings["operator"], "keep")
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
        became = "kept" if operator == "keep" else "changed"
        counts[f"finding.{entity}.{became}"] += number
    own = finding_counts(counts)
    if own != run.manifest.findings:
        faults.append("findings/ and manifest count different findings")
    searched = [entity for entity in own if not run.is_foreign(entity)]
    if run.manifest.operators != operators_used(run.config, searched):
        faults.append("the manifest has operators that are not configured")
    metrics = {"pii.found", "pii.changed", "pii.kept", "pii.rate"}
    whole = (s for s in statistics if s.metric in metrics and s.source is None)
    words = words_by_source(statistics, "output").get(None, 0.0)
    kinds = findable(run.config.pii) if run.config.pii else set()
    ours = finding_statistics(own, words, kinds)
    if not statistics_table(whole).equals(statistics_table(ours)):
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
    words = words_by_source(statistics, "output").get(None, 0.0)
    ours = [*leftover_statistics(left, words)]
    if run.config.pii is not None:
        ours += unread_statistics(run.config.pii, statistics)
    names = (LEFTOVERS, LEFTOVER_RATE, UNREAD)
    theirs = statistics_table(row for row in statistics if row.metric in names)
    if not statistics_table(ours).equals(theirs):
        faults.append("leftovers, or text that was not read, differ in the statistics")
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

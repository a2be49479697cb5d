"""Personal data: what was found is counted, stands where it is said to, and is gone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import Check, conclude
from isinglass.pipelines.proof.source import rebuilt
from isinglass.pipelines.stage import Written
from isinglass.pipelines.stages.pii.proof_counts import check_counts
from isinglass.schemas.tables import FINDINGS
from isinglass.transforms.pii.operators.apply import operate
from isinglass.transforms.pii.operators.generalise import may_be_generalised
from isinglass.transforms.pii.operators.normalised import normalised
from isinglass.transforms.pii.operators.surrogates import may_be_surrogate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.pipelines.proof.check import FinishedRun
    from isinglass.pipelines.stage import Rebuilt

SPAN = [
    "doc_id",
    "start",
    "end",
    "clean_start",
    "clean_end",
    "entity",
    "operator",
    "value_key",
]
"""Columns of `findings/` that say what became of a span."""


def written(run: FinishedRun) -> Written:
    """The findings of each shard."""
    if not run.config.finds:
        return Written()
    return Written({"findings/{shard}.parquet": FINDINGS})


def prove(run: FinishedRun) -> list[Check]:
    """Counts and offsets of the findings."""
    return [check_counts(run), check_findings(run)]


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

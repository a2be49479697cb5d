"""Offsets: every finding against the clean text, and against the source text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.plan import plan
from isinglass.pipelines.proof.check import Check, conclude
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import IsinglassError
from isinglass.transforms.read import read_shard

if TYPE_CHECKING:
    from isinglass.pipelines.plan import Plan
    from isinglass.pipelines.proof.check import FinishedRun

_SPAN = ["doc_id", "start", "end", "clean_start", "clean_end", "entity", "operator"]


def check_findings(run: FinishedRun) -> Check:
    """Each finding is at its offsets in `data/`; `data.pii` lists the same spans."""
    if not run.paths("findings") or not run.paths("data"):
        return Check("findings", "skipped", "no findings or no text was written")
    faults, seen = [], 0
    for shard, findings in run.each("findings", _SPAN):
        data = run.read("data", shard, ["doc_id", "text", "pii"])
        assert data is not None
        by_document = _by_document(findings)
        seen += findings.num_rows
        for row in _with_spans(data, by_document):
            spans = by_document.pop(row["doc_id"], [])
            if not _fits(row, spans):
                faults.append(f"{row['doc_id']}: a finding is not at its offsets")
        faults += [f"{doc_id}: findings, but not in data/" for doc_id in by_document]
    return conclude("findings", faults, f"{seen:,} findings at their offsets")


def _by_document(findings: pa.Table) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in findings.to_pylist():
        grouped.setdefault(row["doc_id"], []).append(row)
    return grouped


def _with_spans(
    data: pa.Table, by_document: dict[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Rows of `data` that have findings on either side."""
    named = pc.is_in(data["doc_id"], value_set=pa.array(list(by_document), pa.string()))
    marked = pc.greater(pc.list_value_length(data["pii"]), 0)
    rows: list[dict[str, Any]] = data.filter(pc.or_(named, marked)).to_pylist()
    return rows


def _fits(row: dict[str, Any], spans: list[dict[str, Any]]) -> bool:
    text, end = row["text"], 0
    listed = [(s["start"], s["end"], s["entity"], s["operator"]) for s in row["pii"]]
    spans = sorted(spans, key=lambda span: (span["start"], span["end"]))
    own = [
        (s["clean_start"], s["clean_end"], s["entity"], s["operator"]) for s in spans
    ]
    if listed != own:
        return False
    for start, stop, entity, operator in own:
        if not end <= start <= stop <= len(text):
            return False
        if not _is_output_of(operator, entity, text[start:stop]):
            return False
        end = stop
    return True


def _is_output_of(operator: str, entity: str, piece: str) -> bool:
    if operator == "replace":
        return piece == f"<{entity}>"
    if operator == "redact":
        return piece == ""
    if operator == "hash":
        return piece.startswith(f"<{entity}:") and piece.endswith(">")
    if operator == "mask":
        return not any(character.isalnum() for character in piece)
    return len(piece) > 0


def check_source(run: FinishedRun) -> Check:
    """Outside the findings, the clean text equals the source text, to the character.

    Needs the inputs as they were; without them it is skipped, and says why.
    """
    name = "source texts"
    if not run.paths("data"):
        return Check(name, "skipped", "no text was written")
    made = _plan_again(run)
    if isinstance(made, str):
        return Check(name, "skipped", made)
    faults, seen = [], 0
    for shard in made.shards:
        data = run.read("data", shard.shard_id, ["doc_id", "text"])
        if data is None:
            faults.append(f"{shard.shard_id} has no data file")
            continue
        findings = run.read("findings", shard.shard_id, _SPAN)
        spans = _by_document(findings) if findings is not None else {}
        clean = dict(zip(*(c.to_pylist() for c in data.columns), strict=True))
        for batch in read_shard(shard, made.layout):
            ids = batch.documents.column("doc_id").to_pylist()
            texts = batch.documents.column("text")
            for index, doc_id in enumerate(ids):
                if doc_id not in clean:
                    continue
                seen += 1
                source = texts[index].as_py()
                if not _rebuilds(source, clean.pop(doc_id), spans.get(doc_id, [])):
                    faults.append(f"{doc_id}: differs from its source outside findings")
        faults += [f"{doc_id}: kept, but not in the input" for doc_id in clean]
    return conclude(name, faults, f"{seen:,} texts equal their source but for findings")


def _plan_again(run: FinishedRun) -> Plan | str:
    """The plan of the run made anew, or why that is not possible."""
    try:
        note = json.loads((run.folder / "work" / "run.json").read_text())
    except (OSError, ValueError):
        return "work/ was removed, so the place of the inputs is not known"
    try:
        made = plan(RunConfig.model_validate(note["given"]), Path(note["base"]))
    except IsinglassError as error:
        return f"the inputs are not as they were: {error}"
    now = sorted((i.source, i.path, i.sha256) for i in made.inputs)
    then = sorted((i.source, i.path, i.sha256) for i in run.manifest.inputs)
    return made if now == then else "the inputs changed since the run"


def _rebuilds(source: str, clean: str, spans: list[dict[str, Any]]) -> bool:
    end = clean_end = 0
    for span in sorted(spans, key=lambda span: (span["start"], span["end"])):
        before = source[end : span["start"]]
        if before != clean[clean_end : span["clean_start"]]:
            return False
        end, clean_end = span["end"], span["clean_end"]
    return source[end:] == clean[clean_end:]

"""The story of one record, put together from the tables of its run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.explain.folder import RunFolder
from isinglass.pipelines.read_again import Missing
from isinglass.pipelines.report.text import lines_of
from isinglass.pipelines.stage import Line, Stage, Story
from isinglass.pipelines.stages import STAGES
from isinglass.schemas.reasons import REASON_TEXT, Outcome

if TYPE_CHECKING:
    from rich.console import RenderableType

_EVIDENCE = ("kept_doc_id", "kept_in", "kept_folder", "similarity", "evaluation_item")
"""Columns of the ledger, and `kept_folder` for a stage to fill in."""


def explain(
    folder: Path,
    doc_id: str,
    *,
    full: bool = False,
    stages: Sequence[Stage | type[Stage]] = (),
) -> Story:
    """Tell the story of one record by its id, an id of the data, or its `path:row`.

    The run was closed, whether its gates passed or not. `full` leaves nothing out of
    what is shown on a terminal, and shows the whole text where none stands beside
    another. Facts are JSON-able: `run` (run_id, name, verb, verdict and time of
    creation), `record` (as ledger and quarantine have it), `evidence` (None if the
    ledger names nothing), and what the stages tell. Lines hold those about others.
    """
    run = RunFolder.open(folder)
    row = run.find(doc_id)
    record = _record(run, row)
    evidence = {name: row.get(name) for name in _EVIDENCE}
    named = any(value is not None for value in evidence.values())
    facts = {
        "run": run.facts,
        "record": record,
        "evidence": evidence if named else None,
    }
    told = [stage.story(run, row, full=full) for stage in (*STAGES, *stages)]
    stories = [story for story in told if story is not None]
    lines = [*_lines(record)]
    for story in stories:
        _merge(facts, story.facts)
        lines += story.lines
    notes = [note for story in stories for note in story.notes]
    texts = [text for story in stories for text in story.texts]
    if full and row["outcome"] != Outcome.QUARANTINED and not texts:
        text = run.source_text(row)
        if isinstance(text, Missing):
            notes.append(f"The text cannot be read again: {text.why}.")
        else:
            texts.append(_whole(text))
    return Story(
        facts=facts,
        lines=(*lines, *(line for story in stories for line in story.others)),
        notes=tuple(dict.fromkeys(notes)),
        texts=tuple(texts),
    )


def _whole(text: str) -> RenderableType:
    """A text with its lines as they are, and nothing that a terminal obeys."""
    from rich.text import Text  # noqa: PLC0415

    return Text.assemble(("The whole text as it was read:\n", "dim"), lines_of(text))


def _record(run: RunFolder, row: dict[str, Any]) -> dict[str, Any]:
    shard, doc_id = row["shard"], row["doc_id"]
    place = run.place(row)
    detail = None
    if row["outcome"] == Outcome.QUARANTINED:
        # The raw bytes are in the same row and stay there.
        seen = run.rows(shard, "quarantine", doc_id, ["doc_id", "detail"])
        detail = seen[0]["detail"] if seen else None
    # That of a stage from outside is in the manifest.
    reason, stages = row["reason"] or "", run.manifest.get("stages") or {}
    told = (stages.get(reason.partition(".")[0]) or {}).get("reasons") or {}
    place_and_fate = ("path", "row", "shard", "outcome", "reason")
    measures = ("rule", "compared_by", "chars_in", "chars_out")
    return {
        "doc_id": doc_id,
        "source": place.source if place else None,
        **{name: row[name] for name in place_and_fate},
        "sentence": REASON_TEXT.get(reason) or str(told.get(reason, "")),
        "detail": detail,
        **{name: row[name] for name in measures},
    }


def _merge(facts: dict[str, Any], told: Mapping[str, Any]) -> None:
    for key, value in told.items():
        if isinstance(facts.get(key), dict) and isinstance(value, dict):
            _merge(facts[key], value)
        else:
            facts[key] = value


def _lines(record: dict[str, Any]) -> Iterator[Line]:
    outcome, words = record["outcome"], (record["reason"] or "").replace("_", " ")
    yield "outcome", f"{outcome}: {words}" if words else outcome
    if record["sentence"]:
        yield "", record["sentence"]
    if record["detail"]:
        yield "detail", record["detail"]
    source = record["source"] or "source not found in the manifest"
    yield "from", f"{source}, {record['path']}, row {record['row']:,}"
    yield "shard", record["shard"]
    if record["rule"]:
        yield "rule", record["rule"]
    if record["compared_by"]:
        yield "compared by", record["compared_by"].replace("_", " ")
    if record["chars_in"] is not None:
        kept = outcome == Outcome.KEPT and record["chars_out"] is not None
        out = f", {record['chars_out']:,} out" if kept else ""
        yield "characters", f"{record['chars_in']:,} in{out}"

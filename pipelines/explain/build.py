"""The story of one record, put together from the tables of its run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from isinglass.pipelines.explain.folder import RunFolder
from isinglass.pipelines.explain.model import (
    MOST_REMOVED,
    Evidence,
    Explanation,
    Record,
    Removed,
)
from isinglass.pipelines.sources import find_place, read_note
from isinglass.pipelines.stages.dedup.story import duplicate_texts
from isinglass.pipelines.stages.pii.story import count_spans, find_spans
from isinglass.schemas.errors import InputError
from isinglass.schemas.reasons import DUPLICATE_REASONS, REASON_TEXT, Outcome

if TYPE_CHECKING:
    from isinglass.pipelines.stages.dedup.story import Located

_EVIDENCE = ("kept_doc_id", "kept_in", "similarity", "evaluation_item")


def explain(folder: Path, doc_id: str) -> Explanation:
    """Tell the story of one record.

    Args:
        folder: Folder of a run that was closed, whether its gates passed or not.
        doc_id: Its id, or the first digits of it (at least `LEAST_DIGITS`).

    Raises:
        InputError: The folder holds no such run, or not exactly one such record.
    """
    run = RunFolder.open(folder)
    row = run.find(doc_id)
    record = _record(run, row)
    evidence, other, notes = _evidence(run, row)
    removed: tuple[Removed, ...] = ()
    total, texts = 0, None
    if record.outcome == Outcome.KEPT:
        removed, total = _removed_for(run, record.doc_id)
    if record.reason in DUPLICATE_REASONS:
        texts, more = duplicate_texts(run, row, other)
        notes += more
    return Explanation(run.facts, record, evidence, removed, total, texts, tuple(notes))


def _record(run: RunFolder, row: dict[str, Any]) -> Record:
    shard, doc_id = row["shard"], row["doc_id"]
    place = find_place(run.manifest["inputs"], doc_id, row["path"], row["row"])
    detail = weight = None
    if row["outcome"] == Outcome.QUARANTINED:
        # The raw bytes are in the same row and stay there.
        seen = run.rows(shard, "quarantine", doc_id, ["doc_id", "detail"])
        detail = seen[0]["detail"] if seen else None
    if row["outcome"] == Outcome.KEPT:
        data = run.rows(shard, "data", doc_id, ["doc_id", "balance_weight"])
        weight = data[0]["balance_weight"] if data else None
    spans = find_spans(run, shard, doc_id)
    return Record(
        doc_id=doc_id,
        source=place.source if place else None,
        path=row["path"],
        row=row["row"],
        shard=shard,
        outcome=row["outcome"],
        reason=row["reason"],
        sentence=REASON_TEXT.get(row["reason"] or "", ""),
        detail=detail,
        rule=row["rule"],
        compared_by=row["compared_by"],
        chars_in=row["chars_in"],
        chars_out=row["chars_out"],
        findings=None if spans is None else count_spans(spans),
        spans=spans or (),
        balance_weight=weight,
    )


def _removed_for(run: RunFolder, doc_id: str) -> tuple[tuple[Removed, ...], int]:
    columns = ["doc_id", "reason", "similarity", "kept_doc_id", "kept_in"]
    ours = (pc.field("kept_doc_id") == doc_id) & pc.field("kept_in").is_null()
    found = [
        Removed(row["doc_id"], row["reason"], row["similarity"])
        for _, table in run.each_ledger(columns)
        for row in table.filter(ours).to_pylist()
    ]
    found.sort(key=lambda removed: removed.doc_id)
    return tuple(found[:MOST_REMOVED]), len(found)


def _evidence(
    run: RunFolder, row: dict[str, Any]
) -> tuple[Evidence | None, Located | None, list[str]]:
    """The evidence, the run and ledger row of the kept document, and notes."""
    if all(row[name] is None for name in _EVIDENCE):
        return None, None, []
    notes: list[str] = []
    holder: RunFolder | None = run
    if row["kept_in"] is not None:
        holder = _earlier(run, row["kept_in"])
        if holder is None:
            notes.append(
                f"The earlier run {row['kept_in']} is not in any folder of "
                "dedup.against; its document cannot be shown."
            )
    other = None
    if row["kept_doc_id"] is not None and holder is not None:
        try:
            other = holder, holder.find(row["kept_doc_id"])
        except InputError as error:
            notes.append(f"The kept document cannot be found: {error}")
    evidence = Evidence(
        kept_doc_id=row["kept_doc_id"],
        kept_in=row["kept_in"],
        kept_folder=str(holder.folder) if holder and row["kept_in"] else None,
        similarity=row["similarity"],
        evaluation_item=row["evaluation_item"],
    )
    return evidence, other, notes


def _earlier(run: RunFolder, run_id: str) -> RunFolder | None:
    note = read_note(run.folder)
    base = Path(note["base"]) if note else Path.cwd()
    for folder in run.dedup.against:
        try:
            earlier = RunFolder.open((base / Path(folder).expanduser()).resolve())
        except InputError:
            continue
        if earlier.manifest["run_id"] == run_id:
            return earlier
    return None

"""What was to be erased is gone, and nothing else went for it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.stage import Written
from isinglass.pipelines.stages.erase.listed import AUDIT_NAME, Erasure, read_erasure
from isinglass.schemas.errors import InputError
from isinglass.schemas.reasons import DropReason, Outcome
from isinglass.schemas.tables import ERASURE, FINDINGS
from isinglass.transforms.erase.spans import ERASED

NAME = "erasure"
_LEDGER = ["doc_id", "outcome", "reason"]
_PLACES = ["doc_id", "start", "end"]
_REASON = DropReason.ERASED.value

Span = tuple[int, int]
_Spans = dict[str, list[Span]]


def written(run: FinishedRun) -> Written:
    """The list, and the places that were taken out."""
    if run.config.erase is None:
        return Written()
    return Written(
        {"findings/{shard}.parquet": FINDINGS, f"audit/{AUDIT_NAME}.parquet": ERASURE}
    )


def prove(run: FinishedRun) -> list[Check]:
    """One check of a run that was asked to erase, or that says that it did."""
    manifest = run.manifest
    said = manifest.erasure is not None or ERASED in manifest.findings
    if said or run.config.erase is not None or _REASON in manifest.records.dropped:
        return [check_erasure(run)]
    return []


def check_erasure(run: FinishedRun) -> Check:
    """Listed documents are dropped, listed places taken out; no others are.

    The list is `audit/erasure.parquet`. What is listed is not in quarantine either: a
    record that could not be read is there without its bytes.
    """
    if run.config.erase is None:
        return conclude(NAME, ["something was erased that was not asked for"], "")
    try:
        erasure = read_erasure(str(run.folder / "audit" / f"{AUDIT_NAME}.parquet"))
    except InputError as error:
        return conclude(NAME, [str(error)], "")
    faults = _check_documents(run, erasure)
    found, more = _check_places(run, erasure)
    faults += more
    told = run.manifest.erasure
    dropped = run.manifest.records.dropped.get(_REASON, 0)
    own = (dropped, found, erasure.table.num_rows, list(erasure.requests))
    if told is None:
        faults.append("the manifest tells of no erasure")
    elif own != (told.documents, told.spans, told.listed, told.requests):
        faults.append("the manifest and the tables tell of different erasures")
    seen = f"{dropped:,} documents and {found:,} spans are gone"
    return conclude(NAME, faults, seen)


def _check_documents(run: FinishedRun, erasure: Erasure) -> list[str]:
    """Whole documents, and the bytes of records in quarantine."""
    table, faults = erasure.table, []
    known = pc.unique(table["doc_id"])
    whole = pc.unique(table.filter(table["document"])["doc_id"])
    for shard, ledger in run.each("ledger", _LEDGER):
        goes = pc.is_in(ledger["doc_id"], value_set=whole)
        erased = pc.fill_null(pc.equal(ledger["reason"], _REASON), fill_value=False)
        held = pc.equal(ledger["outcome"], Outcome.QUARANTINED.value)
        gone = pc.or_(erased, held)
        if pc.any(pc.and_not(goes, gone), min_count=0).as_py():
            faults.append(f"ledger/{shard} keeps a document that was to be erased")
        if pc.any(pc.and_not(erased, goes), min_count=0).as_py():
            faults.append(f"ledger/{shard} erases a document that is not listed")
        quarantine = run.read("quarantine", shard, ["doc_id", "raw"])
        if quarantine is None:
            continue
        bytes_there = pc.is_valid(quarantine["raw"])
        mine = pc.is_in(quarantine["doc_id"], value_set=known)
        if pc.any(pc.and_(mine, bytes_there), min_count=0).as_py():
            faults.append(f"quarantine/{shard} holds bytes that were to be erased")
    return faults


def _check_places(run: FinishedRun, erasure: Erasure) -> tuple[int, list[str]]:
    """Spans that were erased, and faults: places that are left, spans not listed."""
    table = erasure.table
    wanted = _spans(table.filter(pc.is_valid(table["start"])))
    count, faults = 0, []
    for shard, ledger in run.each("ledger", _LEDGER):
        kept = ledger.filter(pc.equal(ledger["outcome"], Outcome.KEPT.value))["doc_id"]
        mine = pc.is_in(kept, value_set=pa.array(list(wanted), pa.string()))
        findings = run.read("findings", shard, [*_PLACES, "entity"])
        erased: _Spans = {}
        if findings is not None:
            chosen = findings.filter(pc.equal(findings["entity"], ERASED))
            count += chosen.num_rows
            erased = _spans(chosen)
        cut: _Spans = {}
        paragraphs = run.read("paragraphs", shard, [*_PLACES, "removed"])
        if paragraphs is not None:
            cut = _spans(paragraphs.filter(paragraphs["removed"]))
        for doc_id in kept.filter(mine).to_pylist():
            spans = erased.get(doc_id, []), cut.get(doc_id, [])
            if not _all_gone(wanted[doc_id], *spans):
                faults.append(f"{doc_id}: a listed place is still there")
        faults += [
            f"{doc_id}: a span was erased that is not listed"
            for doc_id, spans in erased.items()
            if _points(spans) - _points(wanted.get(doc_id, []))
        ]
    return count, faults


def _spans(table: pa.Table) -> _Spans:
    grouped: _Spans = {}
    columns: list[list[Any]] = [table[name].to_pylist() for name in _PLACES]
    for doc_id, start, end in zip(*columns, strict=True):
        grouped.setdefault(doc_id, []).append((start, end))
    return grouped


def _points(spans: list[Span]) -> set[int]:
    return {point for span in spans for point in range(*span)}


def _all_gone(wanted: list[Span], erased: list[Span], cut: list[Span]) -> bool:
    """Whether erased spans and cuts cover all that is listed.

    Beside a cut, punctuation and blanks of a listed place may be left.
    """
    away, gone = _points(cut), _points(erased + cut)
    places = (set(range(*span)) for span in wanted)
    return all(place <= gone or place & away for place in places)

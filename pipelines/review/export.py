"""Marks as labelled data, for whoever measures a detector by them.

Each record is a stretch of a source text of which is known what is in it: a passage
that was read, with all that was found and missed there; or the surroundings of one
finding, cut where the next one begins, with a label if it was right and none if not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import write_atomically
from isinglass.pipelines.read_again import Missing, Place, source_texts
from isinglass.pipelines.review.marks import holds
from isinglass.pipelines.review.measure import findings_in
from isinglass.schemas.errors import InputError
from isinglass.schemas.marks import Key, Mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.review.marks import Marks

AROUND = 160
_NOT_KNOWN = (
    "unsure, of dropped texts or of mentions, or on a text that cannot be read again"
)

_Span = tuple[int, int, str]


@dataclass(frozen=True)
class Written:
    """What was written, and how many marks say nothing of labels."""

    records: int
    spans: int
    left_out: int
    why: str = _NOT_KNOWN


def export(run: RunFolder, marks: Marks, path: Path) -> Written:
    """Write the marks as JSON lines that their owner alone can read.

    Raises:
        InputError: No mark can be written.
    """
    files = {(i["source"], i["path"]): i["sha256"] for i in run.manifest["inputs"]}
    known = [
        m
        for m in marks.values()
        if m.mark != "unsure" and m.kind in ("finding", "kept")
    ]
    known = [mark for mark in known if holds(mark, files)]
    texts = _texts(run, known)
    languages = _languages(run, sorted(texts))
    found: dict[str, list[_Span]] = {}
    for key in findings_in(run, sorted(texts)):
        span = (key.start, key.end, key.label)
        found.setdefault(key.doc_id, []).append(span)
    records = []
    for mark in sorted(known, key=lambda one: one.key):
        text = texts.get(mark.doc_id)
        if text is not None:
            others = sorted(found.get(mark.doc_id, ()))
            make = _passage if mark.kind == "kept" else _surroundings
            record = make(mark, text, others, marks)
            records.append(record | languages.get(mark.doc_id, {}))
    if not records:
        raise InputError("There is no mark on a finding or passage of this run.")
    content = "".join(json.dumps(record) + "\n" for record in records)
    write_atomically(path, content, secret=True)
    spans = sum(len(record["spans"]) for record in records)
    return Written(len(records), spans, len(marks) - len(records))


def _texts(run: RunFolder, marks: Sequence[Mark]) -> dict[str, str]:
    places = {
        m.doc_id: Place(m.doc_id, m.source, m.path, m.row, m.file_sha256) for m in marks
    }
    if not places:
        return {}
    read = source_texts(run.folder, list(places.values()))
    pairs = zip(places, read, strict=True)
    return {name: text for name, text in pairs if not isinstance(text, Missing)}


def _languages(run: RunFolder, doc_ids: list[str]) -> dict[str, dict[str, str]]:
    """`lang` of each document, as the run scanned it; none where it knew none."""
    found: dict[str, dict[str, str]] = {}
    wanted = pa.array(doc_ids, pa.string())
    for path, ledger in run.each_ledger(["doc_id"]):
        here = ledger.filter(pc.is_in(ledger["doc_id"], value_set=wanted))["doc_id"]
        held = run.measured(path.stem, here, "language")
        if held.num_columns:
            pairs = zip(here.to_pylist(), held["language"].to_pylist(), strict=True)
            found |= {doc_id: {"lang": tag} for doc_id, tag in pairs if tag != "und"}
    return found


def _passage(
    mark: Mark, text: str, found: Sequence[_Span], marks: Marks
) -> dict[str, Any]:
    """A passage with all that is in it; what begins in it is taken in whole."""
    spans = [(s.start, s.end, s.label) for s in mark.missed]
    for start, end, label in found:
        own = marks.get(Key("finding", label, mark.doc_id, start, end))
        wrong = own is not None and own.mark == "wrong"
        if mark.start <= start < mark.end and not wrong:
            spans.append((start, end, label))
    # A value that began in the passage before is cut off: it is nobody's here.
    begin = max([mark.start, *(b for a, b, _ in found if a < mark.start < b)])
    stop = max([mark.end, *(end for _, end, _ in spans)])
    return _record(text, begin, stop, spans)


def _surroundings(
    mark: Mark, text: str, found: Sequence[_Span], marks: Marks
) -> dict[str, Any]:
    del marks
    start, end = mark.start, mark.end
    others = [(a, b) for a, b, _ in found if (a, b) != (start, end)]
    before = [b for a, b in others if b <= start]
    after = [a for a, b in others if a >= end]
    begin = max([0, start - AROUND, *before])
    stop = min([len(text), end + AROUND, *after])
    spans = [(start, end, mark.label)] if mark.mark == "right" else []
    return _record(text, begin, stop, spans)


def _record(text: str, begin: int, stop: int, spans: Sequence[_Span]) -> dict[str, Any]:
    """A record as `isinglass evaluate pii` reads it."""
    labels = [
        {"start": start - begin, "end": min(end, stop) - begin, "label": label}
        for start, end, label in sorted(spans)
        if begin <= start < stop
    ]
    return {"text": text[begin:stop], "spans": labels}

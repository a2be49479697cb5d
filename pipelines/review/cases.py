"""Places that a person is shown: with their surroundings, and what was done and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.explain.folder import RunFolder
from isinglass.pipelines.read_again import Missing, Place
from isinglass.pipelines.review.choose import Choice, choose
from isinglass.pipelines.review.measure import findings_in
from isinglass.pipelines.review.units import DRAW, PLACE, SPECIAL
from isinglass.schemas.errors import IsinglassError
from isinglass.schemas.marks import Key, Mark, MissedSpan, Said

_NO_EVIDENCE = {*PLACE, *SPECIAL, DRAW}


@dataclass(frozen=True)
class Case:
    """One place with what a person needs to judge it.

    Attributes:
        place: Where its document lies in the inputs.
        ranks: Seed of the random sample that it is in, and which place of it this is,
            from 1 on; none if it was chosen otherwise.
        evidence: What was done and why, by name; never a text.
        text: What stands there in the source; None if that cannot be read.
        before: What stands before it, as much as was asked for; likewise `after`.
        beside: The text that was kept instead.
        found: Places that were found in a passage.
        note: Why a text is not at hand; empty if all are.
    """

    key: Key
    place: Place
    ranks: Mapping[int, int]
    evidence: Mapping[str, Any]
    text: str | None = field(default=None, repr=False)
    before: str = field(default="", repr=False)
    after: str = field(default="", repr=False)
    beside: str | None = field(default=None, repr=False)
    found: tuple[MissedSpan, ...] = ()
    note: str = ""

    def marked(self, said: Said, missed: Sequence[MissedSpan] = ()) -> Mark:
        """The mark of a person on it."""
        return Mark(
            kind=self.key.kind,
            label=self.key.label,
            doc_id=self.key.doc_id,
            source=self.place.source,
            path=self.place.path,
            row=self.place.row,
            file_sha256=self.place.sha256,
            start=self.key.start,
            end=self.key.end,
            mark=said,
            missed=tuple(missed),
            drawn=tuple(self.ranks),
            ranks=dict(self.ranks),
        )

    def as_json(self, mark: Mark | None) -> dict[str, Any]:
        """The place, its mark (null without one), texts and evidence."""
        told = self.marked("unsure").model_dump(mode="json")
        told["mark"] = None
        if mark is not None:
            told |= mark.model_dump(mode="json", exclude={"drawn", "ranks"})
        return {
            **told,
            "before": self.before,
            "text": self.text,
            "after": self.after,
            "found": [span.model_dump() for span in self.found],
            "beside": self.beside,
            "evidence": dict(self.evidence),
            "note": self.note,
        }


def cases(run: RunFolder, choice: Choice, around: int) -> list[Case]:
    """The places that were chosen, with `around` code points before and behind each.

    Reads the source texts again, each file once; writes nothing.
    """
    rows = choose(run, choice).to_pylist()
    if not rows:
        return []
    names = sorted({row["doc_id"] for row in rows})
    records = _records(run, names)
    found: dict[str, list[MissedSpan]] = {}
    if choice.kind == "kept":
        for one in findings_in(run, names):
            span = MissedSpan(start=one.start, end=one.end, label=one.label)
            found.setdefault(one.doc_id, []).append(span)
    read = run.source_texts(list(records.values()))
    texts = dict(zip(records, read, strict=True))
    kept = _kept_texts(run, rows)
    shown = Counter[str]()
    made = []
    for row in rows:
        shown[row["label"]] += 1
        ranks = {choice.seed: shown[row["label"]]} if choice.by == "draw" else {}
        key = Key(choice.kind, row["label"], row["doc_id"], row["start"], row["end"])
        place = run.place(records[key.doc_id]) if key.doc_id in records else None
        if place is None:
            continue
        inside = sorted(
            (s for s in found.get(key.doc_id, ()) if key.start <= s.start < key.end),
            key=lambda span: (span.start, span.end, span.label),
        )
        evidence = _evidence(choice, row)
        case = Case(key, place, ranks, evidence, found=tuple(inside))
        case = _with_text(case, texts[key.doc_id], around)
        made.append(_with_kept(case, row, kept))
    return made


def _evidence(choice: Choice, row: Mapping[str, Any]) -> dict[str, Any]:
    """What was done and why; of filters, only what the one in question measured."""
    told = {name: value for name, value in row.items() if name not in _NO_EVIDENCE}
    if choice.kind != "filter":
        return told
    return {name: value for name, value in told.items() if value is not None}


def _records(run: RunFolder, doc_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Rows of the ledger by doc_id, of those documents that are in it."""
    wanted = pc.is_in(pc.field("doc_id"), value_set=pa.array(doc_ids, pa.string()))
    return {row["doc_id"]: row for row in run.ledger(wanted)}


def _with_text(case: Case, whole: str | Missing, around: int) -> Case:
    """The case with what stands there, or a note that says why that is not at hand."""
    if isinstance(whole, Missing):
        return replace(case, note=f"The text cannot be read again: {whole.why}.")
    start, end = case.key.start, case.key.end
    return replace(
        case,
        text=whole[start:end],
        before=whole[max(0, start - around) : start],
        after=whole[end : end + around],
    )


_Kept = Mapping[tuple[str | None, str], tuple[str | None, str]]
"""By the folder of an earlier run (None: this run) and doc_id: a text and a note."""


def _kept_texts(run: RunFolder, rows: Iterable[Mapping[str, Any]]) -> _Kept:
    """The texts that were kept instead, from whichever run holds them."""
    wanted: dict[str | None, set[str]] = {}
    for row in rows:
        if row.get("beside") and _is_at_hand(row):
            wanted.setdefault(row["beside_at"], set()).add(row["beside"])
    return {
        (folder, doc_id): told
        for folder, names in wanted.items()
        for doc_id, told in _kept_of(run, folder, sorted(names)).items()
    }


def _is_at_hand(row: Mapping[str, Any]) -> bool:
    """Whether the run that holds a kept document is this one, or was found."""
    return row["beside_in"] is None or row["beside_at"] is not None


def _kept_of(
    run: RunFolder, folder: str | None, names: list[str]
) -> dict[str, tuple[str | None, str]]:
    """Kept texts of one run as they were read, else as they are in its `data/`."""
    try:
        holder = run if folder is None else RunFolder.open(Path(folder))
        records = _records(holder, names)
        read = holder.source_texts(list(records.values()))
    except IsinglassError as error:
        return dict.fromkeys(names, (None, f"The kept text cannot be shown: {error}"))
    told: dict[str, tuple[str | None, str]] = {}
    for (doc_id, record), text in zip(records.items(), read, strict=True):
        if not isinstance(text, Missing):
            told[doc_id] = text, ""
            continue
        clean = holder.clean_text(record)
        said = f"The kept text cannot be read again: {text.why}."
        if clean is not None:
            said += " It is shown as it is in data/, after cleaning."
        told[doc_id] = clean, said
    return told


def _with_kept(case: Case, row: Mapping[str, Any], kept: _Kept) -> Case:
    """The case with the text that was kept instead, or a note that says why not."""
    other = row.get("beside")
    if not other:
        return case
    if not _is_at_hand(row):
        text, note = (
            None,
            (
                f"The kept text cannot be shown: it is in the earlier run "
                f"{row['beside_in']}, which is in no folder of those that this run was "
                "held against."
            ),
        )
    else:
        absent = None, f"The kept text cannot be shown: no ledger names {other}."
        text, note = kept.get((row["beside_at"], other), absent)
    return replace(case, beside=text, note=" ".join(filter(None, [case.note, note])))

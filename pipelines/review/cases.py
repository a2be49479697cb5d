"""Places that a person is shown: with their surroundings, and what was done and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.read_again import Missing, Place, find_place, source_texts
from isinglass.pipelines.review.choose import Choice, choose
from isinglass.pipelines.review.measure import findings_in
from isinglass.pipelines.review.units import DRAW, PLACE, SPECIAL
from isinglass.schemas.marks import Key, Mark, MissedSpan, Said

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder

_NO_EVIDENCE = {*PLACE, *SPECIAL, DRAW}


@dataclass(frozen=True)
class Case:
    """One place with what a person needs to judge it.

    Attributes:
        place: Where its document lies in the inputs.
        drawn: Seed of the random sample that it is in; none if it was chosen otherwise.
        evidence: What was done and why, by name; never a text.
        text: What stands there in the source; None if that cannot be read.
        before: What stands before it, as much as was asked for; likewise `after`.
        beside: The text that was kept instead.
        found: Places that were found in a passage.
        note: Why a text is not at hand; empty if all are.
    """

    key: Key
    place: Place
    drawn: tuple[int, ...]
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
            kind=self.key.kind,  # type: ignore[arg-type]
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
            drawn=self.drawn,
        )

    def as_json(self, mark: Mark | None) -> dict[str, Any]:
        """The place, its mark (null without one), texts and evidence."""
        told = self.marked("unsure").model_dump(mode="json")
        told["mark"] = None
        if mark is not None:
            told |= mark.model_dump(mode="json", exclude={"drawn"})
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
    names = {row["doc_id"] for row in rows}
    names |= {row["beside"] for row in rows if row.get("beside")}
    places = _places(run, sorted(names))
    found: dict[str, list[MissedSpan]] = {}
    if choice.kind == "kept":
        for one in findings_in(run, sorted(names)):
            span = MissedSpan(start=one.start, end=one.end, label=one.label)
            found.setdefault(one.doc_id, []).append(span)
    texts = _texts(run, places)
    drawn = (choice.seed,) if choice.by == "draw" else ()
    made = []
    for row in rows:
        key = Key(choice.kind, row["label"], row["doc_id"], row["start"], row["end"])
        place = places.get(key.doc_id)
        if place is None:
            continue
        inside = sorted(
            (s for s in found.get(key.doc_id, ()) if key.start <= s.start < key.end),
            key=lambda span: (span.start, span.end, span.label),
        )
        evidence = {k: v for k, v in row.items() if k not in _NO_EVIDENCE}
        case = Case(key, place, drawn, evidence, found=tuple(inside))
        made.append(_with_texts(case, row, texts, around))
    return made


def _places(run: RunFolder, doc_ids: list[str]) -> dict[str, Place]:
    """Where documents lie, of those that the manifest names a file of."""
    wanted = pc.is_in(pc.field("doc_id"), value_set=pa.array(doc_ids, pa.string()))
    places = {}
    for row in run.ledger(wanted):
        doc_id, path = row["doc_id"], row["path"]
        place = find_place(run.manifest["inputs"], doc_id, path, row["row"])
        if place is not None:
            places[doc_id] = place
    return places


def _texts(run: RunFolder, places: Mapping[str, Place]) -> dict[str, str | Missing]:
    texts = source_texts(run.folder, list(places.values())) if places else []
    return dict(zip(places, texts, strict=True))


def _with_texts(
    case: Case, row: Mapping[str, Any], texts: Mapping[str, str | Missing], around: int
) -> Case:
    """The case with what stands there, or a note that says why that is not at hand."""
    whole = texts[case.key.doc_id]
    if isinstance(whole, Missing):
        return replace(case, note=f"The text cannot be read again: {whole.why}.")
    start, end = case.key.start, case.key.end
    told: dict[str, Any] = {
        "text": whole[start:end],
        "before": whole[max(0, start - around) : start],
        "after": whole[end : end + around],
    }
    other = row.get("beside")
    if other:
        kept = texts.get(other, Missing(f"document {other} is not in this run"))
        if row.get("beside_in"):
            kept = Missing(f"it is in the earlier run {row['beside_in']}")
        if isinstance(kept, Missing):
            told["note"] = f"The kept text cannot be shown: {kept.why}."
        else:
            told["beside"] = kept
    return replace(case, **told)

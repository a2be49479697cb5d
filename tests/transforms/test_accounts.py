"""The accounts of a batch: decisions and edits in, exact tables and counts out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.documents import DocumentBatch
from isinglass.schemas.tables import (
    DATA,
    DOCUMENTS,
    FINDINGS,
    LEDGER,
    QUARANTINE,
    REJECTED,
)
from isinglass.transforms.accounts import (
    EVIDENCE,
    CleanedBatch,
    account,
    count_records,
    kept_view,
)
from isinglass.transforms.edits import Precedence, apply_edits
from tests.transforms.edits.batches import FoundSpan, Span, cuts_of, edits_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from isinglass.transforms.edits import Edits

Decision = dict[str, Any]

KEEP: Decision = {"outcome": "kept", "weight": 1.5}
DROP: Decision = {
    "outcome": "dropped",
    "reason": "near_duplicate",
    "rule": "jaccard",
    "kept_doc_id": "a",
    "similarity": 0.9,
    "compared_by": "words",
}
TWICE: Decision = {"outcome": "quarantined", "reason": "duplicate_id"}

_TEXT = pa.string()
DECISIONS = pa.schema(
    [
        pa.field("outcome", _TEXT),
        pa.field("reason", _TEXT),
        pa.field("weight", pa.float64()),
        *(LEDGER.field(name) for name in EVIDENCE),
    ]
)


def batch_of(
    texts: Mapping[str, str], rejected: Mapping[str, int] | None = None
) -> DocumentBatch:
    """Documents `a`, `b` ... in every second row, and rejected records in others."""
    schema = pa.schema([*DOCUMENTS, pa.field("stars", pa.int32())])
    documents = [
        {"doc_id": doc_id, "row": 2 * n, "text": text, "source": "web", "stars": n}
        for n, (doc_id, text) in enumerate(texts.items())
    ]
    refused = [
        {"doc_id": doc_id, "row": row, "reason": "not_an_object", "detail": "list"}
        | {"raw": doc_id.encode()}
        for doc_id, row in (rejected or {}).items()
    ]
    return DocumentBatch(
        ("in.jsonl",),
        pa.RecordBatch.from_pylist(documents, schema=schema),
        pa.RecordBatch.from_pylist(refused, schema=REJECTED),
        pa.array([0] * len(documents), pa.int32()),
        pa.array([0] * len(refused), pa.int32()),
    )


def clean(
    batch: DocumentBatch,
    decisions: Sequence[Decision],
    edits: Sequence[Edits] = (),
    cuts: Sequence[Sequence[Span]] = (),
    **options: Any,
) -> CleanedBatch:
    """Account for a batch; `cuts` and `edits` are those of what is to be kept."""
    table = pa.Table.from_pylist(list(decisions), schema=DECISIONS)
    languages = pa.array(["en"] * len(decisions), pa.string())
    view = kept_view(batch, table, languages).with_cuts([cuts_of(cuts)])
    return account(batch, table, apply_edits(view, edits), "s-0", **options)


def rows(table: pa.RecordBatch, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(table.column(name).to_pylist() for name in names), strict=True))


FATES = ("doc_id", "row", "outcome", "reason", "chars_in", "chars_out", "spans_changed")


def test_every_table_of_a_batch() -> None:
    batch = batch_of({"a": "abc xx|yy 数", "b": "bb", "c": "cc cc"}, {"z": 3, "y": 1})
    edits = edits_of([(0, 0, 3, "NAME"), (1, 0, 2, "KEPT")])
    edits = replace(edits, counts=Counter({"allowed.URL": 2}))
    cleaned = clean(batch, [KEEP, DROP, KEEP], [edits], [[(6, 9)]])
    assert cleaned.data.schema.names == [*DATA.names, "stars"]
    assert cleaned.data.schema.metadata == DATA.metadata
    nothing = dict.fromkeys(DATA.names)
    assert cleaned.data.to_pylist() == [
        nothing
        | {"doc_id": "a", "text": "<NAMEé3> xx 数", "source": "web", "language": "en"}
        | {"balance_weight": 1.5, "stars": 0}
        | {"pii": [span(0, 8, "NAME", "replace")]},
        nothing
        | {"doc_id": "c", "text": "cc cc", "source": "web", "language": "en"}
        | {"balance_weight": 1.5, "stars": 2}
        | {"pii": [span(0, 2, "KEPT", "keep")]},
    ]
    assert cleaned.findings.schema == FINDINGS
    names = ("doc_id", "start", "end", "clean_start", "clean_end", "entity", "operator")
    assert rows(cleaned.findings, *names) == [
        ("a", 0, 3, 0, 8, "NAME", "replace"),
        ("c", 0, 2, 0, 2, "KEPT", "keep"),
    ]
    assert cleaned.ledger.schema == LEDGER
    assert rows(cleaned.ledger, *FATES) == [
        ("a", 0, "kept", None, 11, 13, 1),
        ("y", 1, "quarantined", "not_an_object", None, None, None),
        ("b", 2, "dropped", "near_duplicate", 2, 0, 0),
        ("z", 3, "quarantined", "not_an_object", None, None, None),
        ("c", 4, "kept", None, 5, 5, 0),
    ]
    evidence = rows(cleaned.ledger, *EVIDENCE)
    assert evidence[2] == ("jaccard", "a", None, 0.9, "words", None)
    assert {*evidence[:2], *evidence[3:]} == {(None,) * len(EVIDENCE)}
    assert set(rows(cleaned.ledger, "shard", "path")) == {("s-0", "in.jsonl")}
    assert cleaned.quarantine.schema == QUARANTINE
    assert cleaned.quarantine.to_pylist() == [refused("y", 1), refused("z", 3)]
    assert cleaned.counts == {
        "records_in": 5,
        "kept": 2,
        "dropped.near_duplicate": 1,
        "quarantined.not_an_object": 2,
        "characters_in": 18,
        "characters_kept": 16,
        "characters_dropped": 2,
        "characters_quarantined": 0,
        "characters_cut": 3,
        "characters_redacted": 3,
        "characters_inserted": 8,
        "characters_out": 18,
        "finding.NAME.found": 1,
        "finding.NAME.changed": 1,
        "finding.KEPT.found": 1,
        "finding.KEPT.kept": 1,
        "allowed.URL": 2,
    }


def span(start: int, end: int, entity: str, operator: str) -> dict[str, Any]:
    return {"start": start, "end": end, "entity": entity, "operator": operator}


def refused(doc_id: str, row: int, **others: Any) -> dict[str, Any]:
    place = {"doc_id": doc_id, "shard": "s-0", "path": "in.jsonl", "row": row}
    why = {"reason": "not_an_object", "detail": "list", "raw": doc_id.encode()}
    return place | why | others


def test_nothing_changed_is_nothing_counted() -> None:
    batch = batch_of({"a": "abc", "b": ""})
    cleaned = clean(batch, [KEEP, KEEP])
    assert cleaned.data.column("text").to_pylist() == ["abc", ""]
    assert cleaned.data.column("pii").to_pylist() == [[], []]
    assert cleaned.findings.num_rows == cleaned.quarantine.num_rows == 0
    assert cleaned.counts == {
        "records_in": 2,
        "kept": 2,
        "characters_in": 3,
        "characters_kept": 3,
        "characters_redacted": 0,
        "characters_inserted": 0,
        "characters_out": 3,
    }


def test_a_batch_without_documents() -> None:
    cleaned = clean(batch_of({}, {"z": 0}), [])
    assert cleaned.data.num_rows == cleaned.findings.num_rows == 0
    assert rows(cleaned.ledger, *FATES) == [
        ("z", 0, "quarantined", "not_an_object", None, None, None)
    ]
    assert cleaned.quarantine.to_pylist() == [refused("z", 0)]
    assert cleaned.counts["records_in"] == 1


def test_who_cannot_be_read_is_not_kept() -> None:
    """One fails that was to be kept; others were dropped or set aside before."""
    batch = batch_of({"a": "aa", "b": "bb|b", "c": "c", "d": "dddd", "e": "e"})
    decisions = [DROP, KEEP | {"compared_by": "words"}, TWICE, KEEP, KEEP]
    # Of those to be kept, the first fails: `b`, not `a`.
    edits = edits_of([(1, 0, 4, "GONE")], failed=[0])
    cleaned = clean(batch, decisions, [edits], [[(2, 4)]])
    assert rows(cleaned.data, "doc_id", "text") == [("d", ""), ("e", "e")]
    assert rows(cleaned.findings, "doc_id", "start", "end") == [("d", 0, 4)]
    assert rows(cleaned.ledger, *FATES) == [
        ("a", 0, "dropped", "near_duplicate", 2, 0, 0),
        ("b", 2, "quarantined", "scan_timeout", 4, 0, 0),
        ("c", 4, "quarantined", "duplicate_id", 1, 0, 0),
        ("d", 6, "kept", None, 4, 0, 1),
        ("e", 8, "kept", None, 1, 1, 0),
    ]
    # All of the text as it was read, for who looks at what failed.
    names = ("doc_id", "reason", "detail", "raw")
    assert rows(cleaned.quarantine, *names) == [
        ("b", "scan_timeout", "REDACT", b"bb|b"),
        ("c", "duplicate_id", "", b"c"),
    ]
    counts = cleaned.counts
    assert (counts["kept"], counts["quarantined.scan_timeout"]) == (2, 1)
    assert (counts["characters_kept"], counts["characters_quarantined"]) == (5, 5)
    # What was cut out of a text that is not kept counts as quarantined.
    assert counts["characters_cut"] == 0


SEAMS: list[tuple[FoundSpan, list[Span], str]] = [
    # A finding of the source text beside a part that was cut out.
    ((0, 0, 2, "GONE"), [(0, 2)], "cd"),
    ((0, 4, 6, "GONE"), [(4, 6)], "ab"),
    ((0, 1, 2, "GONE"), [(1, 2)], "acd"),
    ((0, 5, 6, "KEPT"), [(5, 6)], "abcd"),
]


@pytest.mark.parametrize(("found", "expected", "text"), SEAMS)
def test_findings_at_a_seam(found: FoundSpan, expected: list[Span], text: str) -> None:
    cleaned = clean(batch_of({"a": "ab--cd"}), [KEEP], [edits_of([found])], [[(2, 4)]])
    assert rows(cleaned.findings, "start", "end") == expected
    assert cleaned.data.column("text").to_pylist() == [text]
    counts = cleaned.counts
    assert counts["characters_cut"] == 2
    taken = counts["characters_cut"] + counts["characters_redacted"]
    assert 6 - taken == counts["characters_out"] == len(text)


def test_erased_places_go_and_listed_records_are_withheld() -> None:
    texts = {"a": "ann lee", "b": "bob", "c": "carl"}
    batch = batch_of(texts, {"y": 1, "z": 3})
    edits = [
        edits_of([(0, 0, 7, "NAME")], failed=[1, 2]),
        edits_of([(0, 4, 7, "GONE"), (1, 0, 3, "GONE")], Precedence.ERASE),
    ]
    listed = pa.array(["a", "b", "y"])

    def withhold(doc_ids: pa.StringArray) -> np.ndarray:
        return np.isin(doc_ids.to_pylist(), listed.to_pylist())

    cleaned = clean(batch, [KEEP] * 3, edits, withhold=withhold)
    assert rows(cleaned.data, "doc_id", "text") == [("a", "<NAMEé3> ")]
    assert rows(cleaned.findings, "entity", "start", "end") == [
        ("NAME", 0, 3),
        ("GONE", 4, 7),
    ]
    assert rows(cleaned.quarantine, "doc_id", "row", "raw") == [
        ("y", 1, None),
        ("b", 2, None),
        ("z", 3, b"z"),
        ("c", 4, b"carl"),
    ]


def test_columns_of_stages() -> None:
    batch = batch_of({"a": "aa", "b": "b", "c": "c"})
    own = {
        "mine.score": pa.array([0.5, None]),
        "balance_weight": pa.array([2.0, 3.0]),
        "mine.label": pa.array(["x", "y"]),
    }
    cleaned = clean(batch, [KEEP, DROP, KEEP], columns=own)
    names = [*DATA.names, "stars", "mine.score", "mine.label"]
    assert cleaned.data.schema.names == names
    chosen = ("doc_id", "balance_weight", "stars", "mine.score", "mine.label")
    assert rows(cleaned.data, *chosen) == [
        ("a", 2.0, 0, 0.5, "x"),
        ("c", 3.0, 2, None, "y"),
    ]


def test_the_language_of_the_input_goes_before_what_was_found() -> None:
    batch = batch_of({"a": "aa", "b": "b"})
    index = batch.documents.schema.get_field_index("language")
    told = pa.array(["fr", None], pa.string())
    documents = batch.documents.set_column(index, DOCUMENTS.field("language"), told)
    cleaned = clean(replace(batch, documents=documents), [KEEP, KEEP])
    assert cleaned.data.column("language").to_pylist() == ["fr", "en"]


def test_records_by_what_became_of_them() -> None:
    fates = [
        ("kept", None, 5),
        ("dropped", "empty", 0),
        ("dropped", "empty", 2),
        ("quarantined", "too_long", None),
    ]
    columns = dict(
        zip(("outcome", "reason", "chars_in"), zip(*fates, strict=True), strict=True)
    )
    kinds = {name: LEDGER.field(name).type for name in columns}
    ledger = pa.RecordBatch.from_pydict(
        {name: pa.array(values, kinds[name]) for name, values in columns.items()}
    )
    assert count_records(ledger) == {
        "records_in": 4,
        "kept": 1,
        "dropped.empty": 2,
        "quarantined.too_long": 1,
        "characters_in": 7,
        "characters_kept": 5,
        "characters_dropped": 2,
        "characters_quarantined": 0,
    }

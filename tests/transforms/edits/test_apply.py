"""Edits of several stages: what wins, what stays, where it is, and what it sums to."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.spans import APPLIED
from isinglass.schemas.tables import DATA
from isinglass.transforms.edits import Applied, Edits, Precedence, apply_edits
from isinglass.transforms.edits.leftovers import LEAST_CHARACTERS
from tests.transforms.edits.batches import (
    FoundSpan,
    Span,
    cuts_of,
    edits_of,
    spans_of,
    view_of,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.transforms.edits import View

ERASE, REDACT, SWAP = Precedence


def test_texts_without_spans_are_the_very_array() -> None:
    view = view_of(["x", "yé"])
    for edits in ([], [Edits()], [edits_of([]), edits_of([], ERASE)]):
        applied = apply_edits(view, edits)
        assert applied.texts is view.texts
        assert applied.findings.schema == APPLIED
        assert applied.spans.to_pylist() == [[], []]
        assert applied.alive.tolist() == [0, 1]
        sums = (applied.cut, applied.redacted, applied.inserted, applied.changed)
        assert [column.tolist() for column in sums] == [[0, 0]] * 4


def test_one_stage() -> None:
    texts = ["plain", "aé🙂bc de", ""]
    applied = apply_edits(
        view_of(texts),
        [edits_of([(1, 0, 2, "A"), (1, 2, 4, "GONE"), (1, 4, 5, "KEPT")])],
    )
    assert applied.texts.to_pylist() == ["plain", "<Aé2>c de", ""]
    assert applied.spans.type == DATA.field("pii").type
    assert applied.spans.to_pylist() == [
        [],
        [
            {"start": 0, "end": 5, "entity": "A", "operator": "replace"},
            {"start": 5, "end": 5, "entity": "GONE", "operator": "replace"},
            {"start": 5, "end": 6, "entity": "KEPT", "operator": "keep"},
        ],
        [],
    ]
    assert applied.findings.column("value_key").to_pylist() == [
        "key of aé",
        "key of 🙂b",
        "key of c",
    ]
    assert applied.findings.column("validated").to_pylist() == [True] * 3
    # What is kept is neither taken out nor put in.
    assert applied.redacted.tolist() == [0, 4, 0]
    assert applied.inserted.tolist() == [0, 5, 0]
    assert applied.changed.tolist() == [0, 2, 0]


TEXT = "Ann Lee, al@x.org"
OVERLAPS: list[tuple[list[tuple[Precedence, FoundSpan]], list[FoundSpan]]] = [
    # A higher precedence wins, whichever stage comes first; equal ones by stage.
    ([(REDACT, (0, 0, 7, "R")), (ERASE, (0, 0, 7, "E"))], [(0, 0, 7, "E")]),
    ([(ERASE, (0, 0, 7, "E")), (REDACT, (0, 0, 7, "R"))], [(0, 0, 7, "E")]),
    ([(SWAP, (0, 0, 7, "S")), (REDACT, (0, 0, 7, "R"))], [(0, 0, 7, "R")]),
    ([(REDACT, (0, 0, 7, "R")), (REDACT, (0, 0, 7, "Q"))], [(0, 0, 7, "R")]),
    # What is left of the loser is a span still, without blanks and punctuation at its
    # ends, if it has two letters or digits.
    (
        [(REDACT, (0, 0, 17, "R")), (ERASE, (0, 4, 7, "E"))],
        [(0, 0, 3, "R"), (0, 4, 7, "E"), (0, 9, 17, "R")],
    ),
    ([(REDACT, (0, 0, 3, "R")), (ERASE, (0, 1, 9, "E"))], [(0, 1, 9, "E")]),
    (
        [(REDACT, (0, 0, 3, "R")), (ERASE, (0, 2, 9, "E"))],
        [(0, 0, 2, "R"), (0, 2, 9, "E")],
    ),
    # Spans that touch do not overlap.
    (
        [(REDACT, (0, 0, 4, "R")), (ERASE, (0, 4, 7, "E"))],
        [(0, 0, 4, "R"), (0, 4, 7, "E")],
    ),
    (
        [(REDACT, (0, 4, 7, "R")), (ERASE, (0, 0, 4, "E"))],
        [(0, 0, 4, "E"), (0, 4, 7, "R")],
    ),
    # A part that the second leaves is taken by no third.
    (
        [
            (SWAP, (0, 0, 17, "S")),
            (REDACT, (0, 0, 7, "R")),
            (ERASE, (0, 4, 12, "E")),
        ],
        [(0, 0, 3, "R"), (0, 4, 12, "E"), (0, 12, 17, "S")],
    ),
    # Of what is to be erased each character goes.
    (
        [(ERASE, (0, 0, 7, "E")), (ERASE, (0, 6, 9, "F"))],
        [(0, 0, 7, "E"), (0, 7, 9, "F")],
    ),
    # Another text is another matter.
    ([(REDACT, (0, 0, 7, "R")), (ERASE, (1, 0, 7, "E"))], [(0, 0, 7, "R"), (1, 0, 7, "E")]),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(("stages", "expected"), OVERLAPS)
def test_which_span_stays(
    stages: list[tuple[Precedence, FoundSpan]], expected: list[FoundSpan]
) -> None:
    edits = [edits_of([span], precedence) for precedence, span in stages]
    applied = apply_edits(view_of([TEXT, TEXT]), edits)
    assert spans_of(applied.findings) == expected


def test_each_span_is_written_by_its_own_stage() -> None:
    loud = replace(
        edits_of([(0, 0, 3, "A"), (0, 9, 11, "B")], SWAP),
        write=lambda entity, value: write(entity, value)._replace(output=value.upper()),
    )
    applied = apply_edits(view_of([TEXT]), [loud, edits_of([(0, 4, 7, "C")], ERASE)])
    assert applied.texts.to_pylist() == ["ANN <Cé3>, AL@x.org"]


def test_who_cannot_be_read_is_left_out() -> None:
    view = view_of(["aa", "bb", "cc", "dd"], ["w", None, "me@mailbox.io", "v"])
    view = view.with_cuts([cuts_of([[(0, 1)], [], [(1, 2)], []])])
    edits = [
        replace(
            edits_of([(2, 0, 1, "A"), (3, 0, 2, "A")], failed=[1]),
            counts=Counter(a=1, zero=0),
        ),
        replace(edits_of([(0, 1, 2, "B")], ERASE, failed=[0, 1]), counts=Counter(a=2)),
    ]
    applied = apply_edits(view, edits)
    assert applied.alive.tolist() == [2, 3]
    # Of two stages that fail on a document the first one is heard.
    assert applied.failures.to_pylist() == [
        {"row": 0, "reason": "scan_timeout", "detail": "ERASE"},
        {"row": 1, "reason": "scan_timeout", "detail": "REDACT"},
    ]
    assert applied.texts.to_pylist() == ["<Aé1>", "<Aé2>"]
    assert spans_of(applied.findings) == [(0, 0, 1, "A"), (1, 0, 2, "A")]
    assert applied.cut.tolist() == [1, 0]
    assert applied.counts == {"a": 3, "zero": 0}
    assert applied.doc_ids.to_pylist() == [f"{n:032x}" for n in (2, 3)]
    assert applied.sources.to_pylist() == ["<EMAIL_ADDRESS>", "v"]
    assert applied.languages.to_pylist() == ["en", "en"]


def test_all_documents_may_fail() -> None:
    edits = [edits_of([(0, 0, 1, "A")], failed=[0, 1])]
    applied = apply_edits(view_of(["a", "b"]), edits)
    assert len(applied.texts) == applied.findings.num_rows == len(applied.spans) == 0
    assert applied.redacted.tolist() == []


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([(0, 0, 2, "A"), (0, 1, 3, "A")], "overlaps another"),
        ([(0, 2, 3, "A"), (0, 0, 1, "A")], "out of order"),
        ([(1, 0, 1, "A"), (0, 0, 1, "A")], "out of order"),
        ([(0, 2, 1, "A")], "out of order"),
        ([(0, 4, 9, "A")], "outside of its text of 6"),
        ([(1, 2, 3, "A")], "in a part that was cut out"),
        ([(1, 1, 4, "A")], "in a part that was cut out"),
        ([(2, 0, 1, "A")], "is of a row that is none of 2"),
        ([(-1, 0, 1, "A")], "is of a row that is none of 2"),
    ],
)
def test_what_is_no_span_is_refused(spans: list[FoundSpan], message: str) -> None:
    view = view_of(["abcdef", "ab--cd"]).with_cuts([cuts_of([[], [(2, 4)]])])
    parts = [edits_of([span]).spans for span in spans]
    with pytest.raises(ValueError, match=message):
        apply_edits(view, [replace(edits_of([]), spans=pa.concat_batches(parts))])


def test_a_span_needs_to_be_written() -> None:
    with pytest.raises(ValueError, match="the place of A: give `write`"):
        apply_edits(view_of(["abc"]), [Edits(edits_of([(0, 0, 1, "A")]).spans)])


@st.composite
def stretches(draw: st.DrawFn, length: int) -> list[Span]:
    """Some parts of a text, without overlaps; they may touch, and may be all of it."""
    borders = sorted(draw(st.sets(st.integers(0, length), max_size=8)))
    step = draw(st.sampled_from((1, 2)))
    return list(zip(borders[::step], borders[1::step], strict=False))


@st.composite
def cases(draw: st.DrawFn) -> tuple[View, list[Edits]]:
    """Texts, parts of them cut out by two stages, and edits of up to four stages."""
    texts = draw(st.lists(st.text("aBé🙂余1 .@\u0301", max_size=24), max_size=4))
    view = view_of(texts)
    parts = [[draw(stretches(len(text))) for text in texts] for _ in range(2)]
    if draw(st.booleans()):
        view = view.with_cuts([cuts_of(own) for own in parts])
    edits = []
    for precedence in draw(st.lists(st.sampled_from(Precedence), max_size=4)):
        entities = st.sampled_from([precedence.name, "GONE", "KEPT"])
        lengths = [len(text.as_py()) for text in view.texts]
        spans = [
            (row, *span, precedence.name if precedence is ERASE else draw(entities))
            for row, length in enumerate(lengths)
            for span in draw(stretches(length))
        ]
        found = edits_of(spans, precedence)
        edits.append(replace(found, spans=view.in_source(found.spans)))
    return view, edits


@given(cases())
def test_source_less_cuts_with_what_is_written_is_the_clean_text(
    case: tuple[View, list[Edits]],
) -> None:
    view, edits = case
    applied = apply_edits(view, edits)
    by_row = rows_of(applied)
    for row, source in enumerate(view.source_texts.to_pylist()):
        clean, gone = applied.texts[row].as_py(), cut_places(view, row)
        pieces, position, length = [], 0, 0
        for found in by_row.get(row, []):
            value = source[found["start"] : found["end"]]
            one = write(found["entity"], value)
            assert (found["operator"], found["value_key"]) == (one[0], one[2])
            assert clean[found["clean_start"] : found["clean_end"]] == one.output
            between = uncut(source, position, found["start"], gone)
            pieces += [between, one.output]
            length += len(between)
            assert found["clean_start"] == length
            length += len(one.output)
            assert found["clean_end"] == length
            position = found["end"]
        pieces.append(uncut(source, position, len(source), gone))
        assert "".join(pieces) == clean
        assert len(source) - len(gone) == len(view.texts[row].as_py())
        assert applied.cut[row] == len(gone)
        growth = int(applied.inserted[row] - applied.redacted[row])
        assert len(clean) == len(source) - len(gone) + growth
        changed = [f for f in by_row.get(row, []) if f["operator"] != "keep"]
        assert applied.changed[row] == len(changed)
        assert applied.redacted[row] == sum(f["end"] - f["start"] for f in changed)


@given(cases())
def test_who_comes_first_wins_and_nothing_is_lost(
    case: tuple[View, list[Edits]],
) -> None:
    view, edits = case
    applied = apply_edits(view, edits)
    covered = places(spans_of(applied.findings))
    before: set[tuple[int, int]] = set()
    for edit in sorted(edits, key=lambda edit: edit.precedence):
        spans = spans_of(edit.spans)
        if edit.precedence is ERASE:
            # No character that was to be erased stays, and nothing else is erased.
            assert places(spans) <= places(spans_of(applied.findings), "ERASE")
        for row, start, end, entity in spans:
            lone = {(row, place) for place in range(start, end)} - before
            if len(lone) == end - start:
                assert (row, start, end, entity) in spans_of(applied.findings)
            # All that may be lost are punctuation and blanks at ends of parts, and
            # parts with too few letters.
            lost, text = lone - covered, view.source_texts[row].as_py()
            for part in runs(sorted(lone)):
                letters = [p for p in part if text[p].isalnum()]
                if len(letters) >= LEAST_CHARACTERS:
                    assert not {(row, place) for place in letters} & lost
        before |= places(spans)
    erased = [edit.spans for edit in edits if edit.precedence is ERASE]
    wanted = {place for spans in erased for place in places(spans_of(spans))}
    assert places(spans_of(applied.findings), "ERASE") <= wanted


@given(cases(), st.data())
def test_batches_may_be_split_anywhere(
    case: tuple[View, list[Edits]], data: st.DataObject
) -> None:
    view, edits = case
    whole = apply_edits(view, edits)
    many = len(view.texts)
    border = data.draw(st.integers(0, many))
    parts = []
    for rows in (range(border), range(border, many)):
        own = view_of([view.source_texts[row].as_py() for row in rows])
        cut = [[s for r, s in cut_spans(view) if r == row] for row in rows]
        shifted = [
            edits_of(
                [(r - rows.start, *s) for r, *s in spans_of(e.spans) if r in rows],  # type: ignore[misc]
                e.precedence,
            )
            for e in edits
        ]
        parts.append(apply_edits(own.with_cuts([cuts_of(cut)]), shifted))
    for name in ("texts", "cut", "redacted", "inserted", "changed", "spans"):
        own_values = [value for part in parts for value in getattr(part, name)]
        assert own_values == list(getattr(whole, name))


def rows_of(applied: Applied) -> dict[int, list[dict[str, Any]]]:
    by_row: dict[int, list[dict[str, Any]]] = {}
    for found in applied.findings.to_pylist():
        by_row.setdefault(found["row"], []).append(found)
    return by_row


def cut_spans(view: View) -> list[tuple[int, Span]]:
    columns = (view.cut.rows, view.cut.starts, view.cut.ends)
    rows, starts, ends = (column.tolist() for column in columns)
    return [
        (row, (start, end)) for row, start, end in zip(rows, starts, ends, strict=True)
    ]


def cut_places(view: View, row: int) -> set[int]:
    return {p for r, span in cut_spans(view) if r == row for p in range(*span)}


def uncut(source: str, start: int, end: int, gone: set[int]) -> str:
    return "".join(source[p] for p in range(start, end) if p not in gone)


def places(spans: Sequence[FoundSpan], entity: str = "") -> set[tuple[int, int]]:
    return {
        (row, place)
        for row, start, end, kind in spans
        if entity in ("", kind)
        for place in range(start, end)
    }


def runs(positions: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Stretches of places that follow each other."""
    found: list[list[int]] = []
    for _, place in positions:
        if found and found[-1][-1] == place - 1:
            found[-1].append(place)
        else:
            found.append([place])
    return found

"""Listed places among findings, in whole texts and in cut ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.tables import ERASURE
from isinglass.transforms.edits import Edits, Precedence, Written, apply_edits
from isinglass.transforms.erase.spans import ERASED, Eraser, erasing
from isinglass.transforms.pii.found import resolve_overlaps
from isinglass.transforms.pii.operators.replacement import value_key
from tests.findings import Found, findings_batch
from tests.transforms.edits.batches import (
    FoundSpan,
    Span,
    cuts_of,
    spans_of,
    view_of,
    write,
)

if TYPE_CHECKING:
    from isinglass.transforms.edits import View

IDS = [f"{n:032x}" for n in range(4)]


def eraser(*listed: tuple[int, int | None, int | None]) -> Eraser:
    rows = [
        {
            "doc_id": IDS[row],
            "start": start,
            "end": end,
            "found_by": "text",
            "document": start is None,
        }
        for row, start, end in listed
    ]
    return Eraser(pa.Table.from_pylist(rows, ERASURE))


def person(row: int, start: int, end: int) -> Found:
    return Found(row, start, end, "PERSON", 0.85, "spacy", "ner", None)


def edited(view: View, mine: Eraser, findings: pa.RecordBatch) -> list[FoundSpan]:
    """What stays of findings beside the listed places."""
    edits = [Edits(findings, write), mine.edits(view, write)]
    return spans_of(apply_edits(view, edits).findings)


TEXT = "Ann Lee at al@mailbox.io, or not."


@pytest.mark.parametrize(
    ("listed", "findings", "expected"),
    [
        ([(0, 7)], [], [(0, 7, ERASED)]),
        # It goes before a finding of the same place, and before a longer one, of which
        # the rest is a finding still.
        ([(0, 7)], [(0, 7)], [(0, 7, ERASED)]),
        ([(4, 7)], [(0, 7)], [(0, 3, "PERSON"), (4, 7, ERASED)]),
        ([(0, 7)], [(4, 24)], [(0, 7, ERASED), (8, 24, "PERSON")]),
        ([(0, 7)], [(8, 10)], [(0, 7, ERASED), (8, 10, "PERSON")]),
        # Overlapping and touching places are one.
        ([(0, 7), (4, 10)], [], [(0, 10, ERASED)]),
        ([(0, 3), (3, 7)], [], [(0, 7, ERASED)]),
        ([(0, 24), (4, 7)], [], [(0, 24, ERASED)]),
        ([(0, 3), (11, 24)], [(0, 24)], [(0, 3, ERASED), (4, 10, "PERSON"), (11, 24, ERASED)]),  # noqa: E501
        ([], [(0, 7)], [(0, 7, "PERSON")]),
    ],
)  # fmt: skip
def test_a_listed_place_is_preferred(
    listed: list[Span], findings: list[Span], expected: list[tuple[int, int, str]]
) -> None:
    found = findings_batch([person(1, *span) for span in findings])
    mine = eraser(*((1, *span) for span in listed), (2, 0, 4), (0, None, None))
    view = view_of(["nothing", TEXT], ids=IDS[:2])
    assert edited(view, mine, found) == [(1, *span) for span in expected]


@pytest.mark.parametrize(
    ("cut", "listed", "expected"),
    [
        # Before, inside of, behind and over a part that was cut out: what is left of
        # the place goes, each side for itself.
        ((10, 20), (0, 4), [(0, 4)]),
        ((10, 20), (12, 18), []),
        ((10, 20), (10, 20), []),
        ((10, 20), (22, 26), [(22, 26)]),
        ((10, 20), (8, 14), [(8, 10)]),
        ((10, 20), (14, 24), [(20, 24)]),
        ((10, 20), (6, 24), [(6, 10), (20, 24)]),
    ],
)
def test_a_place_over_a_cut(cut: Span, listed: Span, expected: list[Span]) -> None:
    source = "abcdefghijklmnopqrstuvwxyzabcd"
    mine = eraser((0, *listed))
    view = view_of([source], ids=IDS[:1]).with_cuts([cuts_of([[cut]])])
    edits = mine.edits(view, write)
    assert edits.precedence is Precedence.ERASE
    assert [span[1:3] for span in spans_of(edits.spans)] == expected


def test_listed_documents() -> None:
    mine = eraser((1, 0, 4), (2, None, None))
    assert mine.listed(pa.array(IDS)).tolist() == [False, True, True, False]


def test_listed_places_leave_no_trace() -> None:
    key = b"0123456789abcdef"
    written = erasing(key)(ERASED, TEXT)
    assert written == Written("redact", "", value_key(key, ERASED, TEXT))


PLACES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda p: (p[0], sum(p))),
    max_size=6,
)


@given(PLACES, PLACES)
def test_nothing_listed_stays_and_nothing_found_is_lost(
    listed: list[Span], findings: list[Span]
) -> None:
    text = "a" * 50
    found = resolve_overlaps(findings_batch([person(0, *span) for span in findings]))
    mine = eraser(*((0, *span) for span in listed))
    result = edited(view_of([text], ids=IDS[:1]), mine, found)
    covered: set[int] = set()
    for _, start, end, entity in result:
        inside = set(range(start, end))
        assert not covered & inside
        covered |= inside
        wanted = {p for span in listed for p in range(*span)}
        assert inside <= wanted if entity == ERASED else not inside & wanted
    assert {p for span in listed for p in range(*span)} <= covered
    before = {p for _, start, end, _ in spans_of(found) for p in range(start, end)}
    lone = before - covered
    # A single letter beside a listed place tells nothing of a person.
    assert not any(p + 1 in lone for p in lone)

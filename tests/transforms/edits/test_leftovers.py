"""What is left of a span that lost an overlap."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.edits.leftovers import with_leftovers
from isinglass.transforms.pii.found import resolve_overlaps
from tests.findings import Found, findings_batch


def found(start: int, end: int, entity: str, *, row: int = 0) -> Found:
    pattern = entity != "PERSON"
    return Found(
        row, start, end, entity, 0.85, "presidio" if pattern else "spacy", "r", None
    )


def resolved(text: str, spans: list[Found]) -> list[tuple[str, str]]:
    findings = findings_batch(spans)
    texts = pa.array([text])
    rows = with_leftovers(findings, resolve_overlaps(findings), texts).to_pylist()
    return [(row["entity"], text[row["start"] : row["end"]]) for row in rows]


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        (
            "Ann Lee al@x.org",
            [found(0, 16, "PERSON"), found(8, 16, "EMAIL_ADDRESS")],
            [("PERSON", "Ann Lee"), ("EMAIL_ADDRESS", "al@x.org")],
        ),
        (
            "al@x.org (Ann Lee)",
            [found(0, 18, "PERSON"), found(0, 8, "EMAIL_ADDRESS")],
            [("EMAIL_ADDRESS", "al@x.org"), ("PERSON", "Ann Lee")],
        ),
        (
            "Ann al@x.org Lee",
            [found(0, 16, "PERSON"), found(4, 12, "EMAIL_ADDRESS")],
            [("PERSON", "Ann"), ("EMAIL_ADDRESS", "al@x.org"), ("PERSON", "Lee")],
        ),
        (
            "<al@x.org>.",
            [found(0, 11, "PERSON"), found(1, 9, "EMAIL_ADDRESS")],
            [("EMAIL_ADDRESS", "al@x.org")],
        ),
        (
            "al@x.org",
            [found(0, 4, "PERSON"), found(0, 8, "EMAIL_ADDRESS")],
            [("EMAIL_ADDRESS", "al@x.org")],
        ),
        ("Ann Lee", [found(0, 7, "PERSON")], [("PERSON", "Ann Lee")]),
    ],
)
def test_the_uncovered_part_is_a_finding(
    text: str, spans: list[Found], expected: list[tuple[str, str]]
) -> None:
    assert resolved(text, spans) == expected


SPANS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 28),
        st.integers(1, 12),
        st.sampled_from(["PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER"]),
    ),
    max_size=12,
)


@given(SPANS)
def test_no_overlap_and_no_letter_lost(raw: list[tuple[int, int, int, str]]) -> None:
    texts = pa.array(["abcdefghij" * 4, "0123456789" * 4])
    spans = [found(s, s + n, entity, row=row) for row, s, n, entity in raw]
    findings = findings_batch(spans)
    rows = with_leftovers(findings, resolve_overlaps(findings), texts).to_pylist()
    for number in (0, 1):
        mine = [r for r in rows if r["row"] == number]
        assert mine == sorted(mine, key=lambda r: (r["start"], r["end"]))
        for left, right in itertools.pairwise(mine):
            assert left["end"] <= right["start"]
        covered = {i for r in mine for i in range(r["start"], r["end"])}
        wanted = {i for s in spans if s.row == number for i in range(s.start, s.end)}
        # Only single letters between two findings may stay.
        assert covered <= wanted
        assert all({i - 1, i + 1} & covered for i in wanted - covered)

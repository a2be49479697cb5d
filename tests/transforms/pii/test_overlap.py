from __future__ import annotations

from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.spans import FOUND
from isinglass.transforms.pii.found import resolve_overlaps

Span = tuple[int, int, int, str, float, str, bool | None]


def batch(spans: list[Span]) -> pa.RecordBatch:
    rows: list[dict[str, Any]] = [
        {
            "row": row,
            "start": start,
            "end": end,
            "entity": entity,
            "score": score,
            "detector": detector,
            "rule": "rule",
            "validated": validated,
        }
        for row, start, end, entity, score, detector, validated in spans
    ]
    return pa.RecordBatch.from_pylist(rows, schema=FOUND)


def names(spans: list[Span]) -> list[str]:
    return [str(name) for name in resolve_overlaps(batch(spans))["entity"].to_pylist()]


@pytest.mark.parametrize(
    ("spans", "kept"),
    [
        ([], []),
        # A verified checksum goes before a longer pattern, that before a longer name.
        (
            [
                (0, 0, 9, "A", 1.0, "presidio", None),
                (0, 2, 5, "B", 0.1, "presidio", True),
            ],
            ["B"],
        ),
        (
            [(0, 0, 9, "A", 0.9, "spacy", None), (0, 2, 5, "B", 0.1, "presidio", None)],
            ["B"],
        ),
        # Longer, then score, then name.
        (
            [(0, 0, 4, "A", 1.0, "spacy", None), (0, 2, 9, "B", 0.1, "spacy", None)],
            ["B"],
        ),
        (
            [(0, 0, 4, "A", 0.1, "spacy", None), (0, 2, 6, "B", 0.2, "spacy", None)],
            ["B"],
        ),
        (
            [(0, 0, 4, "B", 0.1, "spacy", None), (0, 2, 6, "A", 0.1, "spacy", None)],
            ["A"],
        ),
        # Touching spans, and equal places in other rows, do not overlap.
        (
            [
                (0, 0, 4, "A", 0.1, "spacy", None),
                (0, 4, 6, "B", 0.1, "spacy", None),
                (1, 0, 4, "C", 0.1, "spacy", None),
            ],
            ["A", "B", "C"],
        ),
        # What overlaps only a loser stays.
        (
            [
                (0, 0, 5, "A", 0.1, "spacy", None),
                (0, 4, 8, "B", 0.1, "presidio", None),
                (0, 7, 20, "C", 0.1, "spacy", None),
                (0, 19, 22, "D", 0.1, "spacy", None),
            ],
            ["B", "D"],
        ),
    ],
)
def test_precedence(spans: list[Span], kept: list[str]) -> None:
    assert names(spans) == kept
    assert names(spans[::-1]) == kept


spans_strategy = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 20),
        st.integers(1, 12),
        st.sampled_from("ABC"),
        st.sampled_from([0.1, 0.5]),
        st.sampled_from(["spacy", "presidio"]),
        st.sampled_from([None, True]),
    ).map(lambda s: (s[0], s[1], s[1] + s[2], *s[3:])),
    max_size=14,
)


@given(spans_strategy)
def test_nothing_overlaps_and_every_loser_lost_to_something(spans: list[Span]) -> None:
    kept = resolve_overlaps(batch(spans)).to_pylist()
    places = [(r["row"], r["start"], r["end"]) for r in kept]
    assert places == sorted(places)
    for one, two in pairwise(places):
        assert one[0] != two[0] or one[2] <= two[1]
    for row, start, end, *_ in spans:
        assert any(r == row and s < end and start < e for r, s, e in places)

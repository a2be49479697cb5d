"""Columns of findings: what is merged, what is dropped, in which order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.spans import FOUND
from isinglass.transforms.pii.found import FoundColumns, Origin

CARD = Origin("CREDIT_CARD", "presidio", "card", 0.3)
OTHER = Origin("CREDIT_CARD", "presidio", "bare", 0.3)
NAME = Origin("PERSON", "spacy", "model", 0.85)


def test_nothing_is_an_empty_table() -> None:
    batch = FoundColumns().batch()
    assert batch.schema.equals(FOUND)
    assert batch.num_rows == 0


@pytest.mark.parametrize(
    ("threshold", "kept"), [(0.3, 1), (0.30000001, 0), (0.0, 1), (1.0, 0)]
)
def test_a_score_at_the_threshold_counts(threshold: float, kept: int) -> None:
    found = FoundColumns()
    found.add((0, 1, 2), CARD)
    assert found.batch({"CREDIT_CARD": threshold}).num_rows == kept
    assert found.batch({"PERSON": threshold}).num_rows == 1


def test_a_raised_score_is_held_against_the_threshold() -> None:
    found = FoundColumns()
    found.add((0, 1, 2), CARD, score=0.65, context="visa")
    (row,) = found.batch({"CREDIT_CARD": 0.5}).to_pylist()
    assert (row["base_score"], row["score"], row["context"]) == (0.3, 0.65, "visa")


def test_one_of_equal_places_stays() -> None:
    found = FoundColumns()
    found.add((0, 5, 9), CARD)
    found.add((0, 5, 9), OTHER, valid=True)
    found.add((0, 5, 9), OTHER)
    found.add((0, 5, 9), NAME)
    found.add((0, 5, 8), CARD, valid=False)
    rows = [
        (row["start"], row["end"], row["entity"], row["rule"], row["validated"])
        for row in found.batch().to_pylist()
    ]
    assert rows == [
        (5, 8, "CREDIT_CARD", "card", False),
        (5, 9, "CREDIT_CARD", "bare", True),
        (5, 9, "PERSON", "model", None),
    ]
    # A higher score goes before a checksum; without either, the rule's name decides.
    found.add((0, 5, 9), CARD, score=0.4)
    assert found.batch().column("rule").to_pylist() == ["card", "card", "model"]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 9), st.sampled_from([CARD, NAME])),
        max_size=12,
    )
)
def test_many_at_once_are_as_one_by_one(spans: list[tuple[int, int, Origin]]) -> None:
    single, many = FoundColumns(), FoundColumns()
    for row, start, origin in spans:
        single.add((row, start, start + 2), origin)
    rows, starts = (np.array([s[i] for s in spans], np.int32) for i in (0, 1))
    which = np.array([s[2] is NAME for s in spans], np.int32)
    many.extend(np.stack([rows, starts, starts + 2]), [CARD, NAME], which)
    assert len(many) == len(spans)
    batch = many.batch()
    assert batch.equals(single.batch())
    places = [(r["row"], r["start"], r["end"], r["entity"]) for r in batch.to_pylist()]
    assert places == sorted(set(places))


def test_only_later_findings_of_given_rows_move() -> None:
    found = FoundColumns()
    found.add((1, 0, 2), CARD)
    found.add((1, 0, 2), NAME)
    found.add((2, 0, 2), CARD)
    found.relocate({1: np.array([0, 3, 4])}, since=1)
    rows = [(r["row"], r["start"], r["end"]) for r in found.batch().to_pylist()]
    assert rows == [(1, 0, 2), (1, 0, 4), (2, 0, 2)]

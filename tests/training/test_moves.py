"""Moves that are right for labelled tokens, and where nothing is known."""

from __future__ import annotations

import numpy as np

from training.person.corpus import LABELS, NOT_PERSON, UNKNOWN
from training.person.moves import BEGIN, INSIDE, LAST, MOVES, OUT, PERSON, UNIT, targets

PLACE = LABELS.index("LOC")


def moves(spans: list[tuple[int, int, int]], tokens: int) -> list[list[int]]:
    """Right moves of each token."""
    spaces = np.zeros(tokens, np.bool_)
    found = targets(np.array(spans, np.int32).reshape(-1, 3), spaces)
    assert (found.right & found.valid).any(axis=1).all()
    return [np.flatnonzero(row).tolist() for row in found.right & found.valid]


def test_an_entity_begins_goes_on_and_ends() -> None:
    assert moves([(1, 4, PERSON), (4, 5, PLACE)], 6) == [
        [OUT],
        [BEGIN + PERSON],
        [INSIDE + PERSON],
        [LAST + PERSON],
        [UNIT + PLACE],
        [OUT],
    ]


def test_within_an_entity_only_its_own_label_may_follow() -> None:
    found = targets(np.array([(0, 3, PERSON)], np.int32), np.zeros(3, np.bool_))
    assert np.flatnonzero(found.valid[1]).tolist() == [INSIDE + PERSON, LAST + PERSON]
    # An entity that is open at the last token ends there.
    assert np.flatnonzero(found.valid[2]).tolist() == [LAST + PERSON]
    assert found.first.tolist() == [-1, 0, 0]


def test_where_nothing_is_known_every_valid_move_is_right() -> None:
    spaces = np.array([False, True, False])
    found = targets(np.array([(0, 2, UNKNOWN)], np.int32), spaces)
    assert (found.right[:2] == found.valid[:2]).all()
    assert np.flatnonzero(found.valid[1]).tolist() == [OUT]
    assert not found.valid[2, BEGIN:INSIDE].any()
    assert found.valid.shape == (3, MOVES)


def test_what_is_no_person_may_be_anything_else() -> None:
    (only,) = moves([(0, 1, NOT_PERSON)], 1)
    assert UNIT + PERSON not in only
    assert {UNIT + PLACE, OUT} <= set(only)

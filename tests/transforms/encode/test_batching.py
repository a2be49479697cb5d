from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.encode.batching import (
    batch_cost,
    equal_runs,
    plan_batches,
    token_index,
)


@pytest.mark.parametrize(
    ("lengths", "budget", "padded", "expected"),
    [
        ([], 10, False, []),
        ([0, 0], 10, False, []),
        ([3, 5, 4], 12, False, [[1, 2, 0]]),
        ([3, 5, 4], 11, False, [[1, 2], [0]]),
        ([3, 5, 4], 12, True, [[1, 2], [0]]),
        ([3, 5, 4], 15, True, [[1, 2, 0]]),
        ([2, 2, 2, 2], 4, False, [[0, 1], [2, 3]]),
        ([20, 1, 0, 1], 10, False, [[0], [1, 3]]),
        ([20, 1, 0, 1], 10, True, [[0], [1, 3]]),
    ],
)
def test_plan(
    lengths: list[int], budget: int, *, padded: bool, expected: list[list[int]]
) -> None:
    plan = plan_batches(np.array(lengths, np.int64), budget, padded=padded)
    assert [rows.tolist() for rows in plan] == expected


@given(
    sizes=st.lists(st.integers(0, 40)),
    budget=st.integers(1, 60),
    padded=st.booleans(),
)
def test_plan_covers_every_document_within_the_budget(
    sizes: list[int], budget: int, *, padded: bool
) -> None:
    lengths = np.array(sizes, np.int64)
    plan = plan_batches(lengths, budget, padded=padded)
    rows = [row for batch in plan for row in batch.tolist()]
    assert sorted(rows) == np.flatnonzero(lengths).tolist()
    for batch in plan:
        of = lengths[batch]
        cost = of.max() * len(of) if padded else of.sum()
        assert cost <= budget or len(batch) == 1


def test_equal_lengths_keep_their_order() -> None:
    lengths = np.tile(np.array([7, 9], np.int64), 500)
    (rows,) = plan_batches(lengths, 10_000)
    assert rows.tolist() == [*range(1, 1000, 2), *range(0, 1000, 2)]


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], []),
        ([4], [(0, 1)]),
        ([4, 4, 3, 4], [(0, 2), (2, 3), (3, 4)]),
    ],
)
def test_equal_runs(lengths: list[int], expected: list[tuple[int, int]]) -> None:
    assert equal_runs(np.array(lengths, np.int64)) == expected


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5))))
def test_token_index(stretches: list[tuple[int, int]]) -> None:
    starts, lengths = np.array(stretches, np.int64).reshape(-1, 2).T
    expected = [s + i for s, length in stretches for i in range(length)]
    assert token_index(starts, lengths).tolist() == expected


@pytest.mark.parametrize(
    ("lengths", "padded", "cost"),
    [
        ([5, 5], False, 10),
        ([4, 3, 3], False, 10),
        ([1] * 7, False, 7),
        ([9, 1, 1, 1], True, 36),
        ([9, 1], True, 18),
    ],
)
def test_cost(lengths: list[int], cost: int, *, padded: bool) -> None:
    assert batch_cost(np.array(lengths, np.int64), padded=padded) == cost

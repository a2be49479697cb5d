from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.associations.permutation import (
    _every_sum,
    holm,
    permutation_test,
)


@given(st.data())
def test_every_subset_is_gone_through_once(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 9))
    size = data.draw(st.integers(1, count - 1))
    values = np.array([2.0**place for place in range(count)])
    found = np.concatenate(list(_every_sum(values, size)))
    expected = [sum(chosen) for chosen in combinations(values, size)]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("values", "first", "p", "greater", "two_sided"),
    [
        # Of six partitions only the observed one gives so much.
        ([4.0, 3.0, 2.0, 1.0], 2, 1 / 6, 0, 2 / 6),
        ([1.0, 2.0, 3.0, 4.0], 2, 1.0, 5, 2 / 6),
        # Equal values make ties, which count against the effect.
        ([2.0, 1.0, 1.0, 1.0], 1, 1 / 4, 0, 1 / 4),
        ([2.0, 2.0, 1.0, 1.0], 2, 1 / 6, 0, 2 / 6),
        ([2.0, 1.0, 2.0, 1.0], 2, 5 / 6, 1, 6 / 6),
        # What rounding makes differ is a tie, too.
        ([0.1 + 0.2, 0.3, 0.3, 0.0], 1, 3 / 4, 0, 1.0),
        # Sets of different sizes.
        ([5.0, 1.0, 2.0, 3.0, 4.0], 1, 1 / 5, 0, 2 / 5),
    ],
)
def test_exact(
    values: list[float], first: int, p: float, greater: int, two_sided: float
) -> None:
    found = permutation_test(np.array(values), first, 1000, 0)
    assert found.exact
    assert found.partitions == comb(len(values), first)
    assert found.p == pytest.approx(p)
    assert found.greater == greater
    assert found.p_two_sided == pytest.approx(two_sided)


def test_drawn_partitions_come_near_to_all_of_them() -> None:
    values = np.random.default_rng(11).normal(size=12)
    every = permutation_test(values, 6, 1000, 0)
    some = permutation_test(values, 6, 900, 5)
    assert (every.exact, some.exact) == (True, False)
    assert some.partitions == 900
    assert some.p == pytest.approx(every.p, abs=0.07)
    assert some.low == pytest.approx(every.low, abs=0.2)
    assert some == permutation_test(values, 6, 900, 5)
    assert some != permutation_test(values, 6, 900, 6)


def test_a_drawn_probability_is_never_zero() -> None:
    values = np.arange(40.0)[::-1].copy()
    found = permutation_test(values, 20, 100, 1)
    assert found.greater == 0
    assert found.p == 1 / 101


def test_the_observed_partition_is_one_of_all() -> None:
    values = np.arange(16.0)[::-1].copy()
    found = permutation_test(values, 8, 100_000, 1)
    assert (found.partitions, found.greater, found.p) == (12870, 0, 1 / 12870)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.5], [0.5]),
        ([0.9, 0.8], [1.0, 1.0]),
        ([0.02, 0.02], [0.04, 0.04]),
    ],
)
def test_holm(given_: list[float], expected: list[float]) -> None:
    assert holm(np.array(given_)) == pytest.approx(expected)

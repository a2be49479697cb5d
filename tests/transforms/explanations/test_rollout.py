from __future__ import annotations

from math import log

import numpy as np
import pytest

from isinglass.transforms.explanations.rollout import (
    head_entropy,
    received,
    rollout,
    row_error,
)

ONE = np.array([[[[0.5, 0.5], [0.25, 0.75]]]])
"""A layer with one head over two tokens."""


def test_rollout_of_one_layer_is_half_of_it_and_half_the_identity() -> None:
    assert rollout(ONE) == pytest.approx(np.array([[0.75, 0.25], [0.125, 0.875]]))


def test_rollout_multiplies_the_last_layer_first() -> None:
    other = np.array([[[[1.0, 0.0], [1.0, 0.0]]]])
    first = np.array([[0.75, 0.25], [0.125, 0.875]])
    second = np.array([[1.0, 0.0], [0.5, 0.5]])
    both = np.concatenate([ONE, other])
    assert rollout(both) == pytest.approx(second @ first)
    assert rollout(both) != pytest.approx(first @ second)


def test_rollout_takes_the_mean_over_heads() -> None:
    heads = np.array([[[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]]])
    assert rollout(heads) == pytest.approx(np.array([[0.75, 0.25], [0.25, 0.75]]))


def test_rows_of_rollout_sum_to_one_though_those_of_attention_do_not() -> None:
    chance = np.random.default_rng(1)
    rows = chance.random((12, 4, 50, 50)).astype(np.float32)
    assert row_error(rows) > 1
    assert row_error(rollout(rows)) < 1e-12


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1.0, 0.0], [0.0, 1.0]], 0.0),
        ([[0.5, 0.5], [0.5, 0.5]], 1.0),
        ([[0.5, 0.5], [1.0, 0.0]], 0.5),
        ([[0.25, 0.75], [0.25, 0.75]], 2 - 0.75 * log(3) / log(2)),
        ([[1.0]], 0.0),
    ],
)
def test_entropy_is_a_share_of_the_largest(
    rows: list[list[float]], expected: float
) -> None:
    assert head_entropy(np.array([[rows]])) == pytest.approx(np.array([[expected]]))


def test_received_is_a_mean_over_those_who_look() -> None:
    assert received(ONE) == pytest.approx(np.array([[0.375, 0.625]]))

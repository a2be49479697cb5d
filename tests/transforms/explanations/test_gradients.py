from __future__ import annotations

import numpy as np
import pytest
import torch

from isinglass.transforms.explanations.gradients import (
    LEAST_DIFFERENCE,
    integrated_gradients,
    path_points,
)

GIVEN = torch.tensor([[1.0, 2.0], [3.0, 0.0], [0.5, -1.0]])
NOTHING = torch.zeros_like(GIVEN)


def test_of_a_linear_number_each_token_adds_its_own_part() -> None:
    weight = torch.tensor([2.0, -1.0])
    found = integrated_gradients(lambda x: (x @ weight).sum(1) + 5, GIVEN, NOTHING)
    assert found.tokens == pytest.approx([0.0, 6.0, 2.0])
    assert (found.value, found.baseline) == (13.0, 5.0)
    assert (found.steps, found.complete) == (12, True)
    assert found.off == pytest.approx(0, abs=1e-6)


def test_of_a_product_both_factors_add_the_half() -> None:
    def product(rows: torch.Tensor) -> torch.Tensor:
        return rows[:, 0, 0] * rows[:, 1, 0]

    found = integrated_gradients(product, GIVEN, NOTHING)
    assert found.tokens == pytest.approx([1.5, 1.5, 0.0])


def test_of_a_power_it_is_exact() -> None:
    found = integrated_gradients(lambda rows: (rows**5).sum((1, 2)), GIVEN, NOTHING)
    assert found.tokens == pytest.approx([33.0, 243.0, 0.5**5 - 1], rel=1e-5)


@pytest.mark.parametrize("power", range(6))
def test_points_integrate_powers_over_the_whole_way(power: int) -> None:
    points, weights = path_points(12)
    assert weights @ points**power == pytest.approx(1 / (power + 1), abs=1e-9)


def test_points_are_closer_together_in_the_middle() -> None:
    points, weights = path_points(24)
    gaps = np.diff([0.0, *points, 1.0])
    assert (gaps > 0).all()
    assert (weights > 0).all()
    assert gaps[12] == pytest.approx(0.6 * np.diff(even_points(24))[11], rel=0.01)


def even_points(count: int) -> np.ndarray:
    return (np.polynomial.legendre.leggauss(count)[0] + 1) / 2


def test_steps_are_doubled_until_the_sum_is_complete() -> None:
    def steep(rows: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(60 * (rows[:, 0, 0] - 0.37))

    found = integrated_gradients(steep, GIVEN, NOTHING, first=2)
    few = integrated_gradients(steep, GIVEN, NOTHING, first=2, most=4)
    assert found.complete
    assert found.steps > 8
    assert found.steps & (found.steps - 1) == 0  # a power of 2, as the first one
    assert found.tokens[0] == pytest.approx(1.0, abs=0.05)
    assert not few.complete
    assert few.steps == 4


def test_the_baseline_is_where_the_way_begins() -> None:
    square = integrated_gradients(
        lambda rows: (rows**2).sum((1, 2)), GIVEN, torch.ones_like(GIVEN)
    )
    assert square.tokens == pytest.approx([3.0, 7.0, -0.75])


def test_a_number_that_does_not_move_is_explained_by_nothing() -> None:
    def flat(rows: torch.Tensor) -> torch.Tensor:
        return 0 * rows.sum((1, 2)) + 1

    found = integrated_gradients(flat, GIVEN, NOTHING)
    assert not found.tokens.any()
    assert found.complete


def test_a_difference_of_rounding_is_no_difference() -> None:
    def level(rows: torch.Tensor) -> torch.Tensor:
        return LEAST_DIFFERENCE / 100 * torch.sin(40 * rows).sum((1, 2))

    assert integrated_gradients(level, GIVEN, NOTHING).complete


def test_equal_documents_give_equal_numbers() -> None:
    def curved(rows: torch.Tensor) -> torch.Tensor:
        return torch.tanh(rows).sum((1, 2))

    one, two = (integrated_gradients(curved, GIVEN, NOTHING) for _ in range(2))
    assert np.array_equal(one.tokens, two.tokens)

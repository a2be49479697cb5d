from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.transforms.semantic import duplicates as outliers
from isinglass.transforms.semantic.duplicates import outlier_scores
from isinglass.transforms.semantic.vectors import unit_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def test_score_is_the_distance_to_the_kth_other_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outliers, "NEIGHBOURS", 2)
    degrees = np.array([0, 10, 25, 45, 90])
    rows = unit_rows(
        np.column_stack((np.cos(np.radians(degrees)), np.sin(np.radians(degrees))))
    )
    scores = outlier_scores(rows, np.arange(5))
    nearest = np.array([25, 15, 20, 35, 65])
    expected = 1 - np.cos(np.radians(nearest))
    assert scores == pytest.approx(expected, abs=1e-6)


def test_equals_brute_force(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = random_rows(3000, 8)
    products = rows.astype(np.float64) @ rows.T.astype(np.float64)
    np.fill_diagonal(products, -2)
    expected = 1 - np.sort(products, axis=1)[:, -10]
    assert outlier_scores(rows, np.arange(3000)) == pytest.approx(expected, abs=2e-6)


def test_a_planted_stranger_comes_first(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = unit_rows(random_rows(1, 64) + 0.3 * random_rows(500, 64))
    rows[123] = random_rows(1, 64, seed=4)[0]
    scores = outlier_scores(rows, np.arange(500))
    assert scores.argmax() == 123
    assert np.sort(scores)[-2] < scores[123] - 0.3


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (10, 1), (11, 0), (50, 0)])
def test_too_few_companions_are_far(count: int, expected: float) -> None:
    rows = unit_rows(np.ones((count, 4)))
    assert outlier_scores(rows, np.arange(count)).tolist() == [expected] * count
    assert outlier_scores(rows[:0], np.arange(0)).tolist() == []


def test_opposed_rows_are_no_further_than_strangers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outliers, "NEIGHBOURS", 1)
    rows = np.array([[1, 0], [-1, 0]], np.float32)
    assert outlier_scores(rows, np.arange(2)).tolist() == [1, 1]


def test_companions_stand_for_the_part(
    random_rows: Callable[..., NDArray[np.float32]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outliers, "NEIGHBOURS", 20)
    spread = np.linspace(0.05, 2, 4000)[:, None]
    rows = unit_rows(random_rows(1, 16) + spread * random_rows(4000, 16, seed=3))
    drawn = np.random.default_rng(0).permutation(4000)[:1000]
    exact = outlier_scores(rows, np.arange(4000))
    quick = outlier_scores(rows, drawn)
    assert not np.array_equal(exact, quick)
    assert np.corrcoef(exact, quick)[0, 1] > 0.99
    assert abs(exact.mean() / quick.mean() - 1) < 0.02
    order = np.random.default_rng(1).permutation(4000)
    moved = outlier_scores(rows[order], np.argsort(order)[drawn])
    assert moved == pytest.approx(quick[order], abs=2e-6)


def test_rows_of_zeros_are_like_nothing() -> None:
    rows = np.zeros((40, 3), np.float32)
    rows[20:, 0] = 1
    scores = outlier_scores(rows, np.arange(40))
    assert scores.tolist() == [1.0] * 20 + [0.0] * 20

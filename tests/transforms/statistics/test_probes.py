"""Probes tell what is there, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from isinglass.transforms.statistics.probes import (
    LEAST_EACH,
    balanced_halves,
    fit_logistic,
    nearest,
    neighbour_recall,
    predict,
    probe,
)
from tests.transforms.leace.conftest import Planted, plant


@pytest.fixture(scope="module")
def planted() -> Planted:
    return plant()


def test_the_regression_is_the_usual_one(planted: Planted) -> None:
    label = planted.labels[:, 0]
    fitted = fit_logistic(planted.vectors, label)
    scaled = (planted.vectors - fitted.mean) / fitted.scale
    theirs = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(scaled, label)
    assert fitted.weights == pytest.approx(theirs.coef_[0], abs=2e-3)
    assert fitted.intercept == pytest.approx(theirs.intercept_[0], abs=2e-3)
    same = predict(fitted, planted.vectors) == theirs.predict(scaled)
    assert same.mean() > 0.999


def test_values_that_never_change_are_left_alone() -> None:
    vectors = np.zeros((100, 3))
    vectors[:, 0] = np.arange(100)
    vectors[:, 1] = 5.0
    fitted = fit_logistic(vectors, np.arange(100) >= 50)
    assert fitted.weights[1:].tolist() == [0.0, 0.0]
    assert (predict(fitted, vectors) == (np.arange(100) >= 50)).mean() > 0.95


def test_a_label_that_is_there_is_told_and_another_is_not(planted: Planted) -> None:
    found = probe(planted.vectors.astype(np.float32), planted.labels[:, 0])
    assert found is not None
    assert found.linear / found.rows > 0.8
    assert found.nearest / found.rows > 0.6
    random = np.random.default_rng(8).random(3000) < 0.4
    nothing = probe(planted.vectors.astype(np.float32), random)
    assert nothing is not None
    for right in (nothing.linear, nothing.nearest):
        assert abs(right / nothing.rows - 0.5) < 4 * 0.5 / np.sqrt(nothing.rows)


def test_neighbours_tell_what_no_line_does() -> None:
    chosen = np.random.default_rng(2)
    vectors = chosen.normal(size=(2000, 2)).astype(np.float32)
    label = vectors[:, 0] * vectors[:, 1] > 0
    found = probe(vectors, label)
    assert found is not None
    assert found.nearest / found.rows > 0.9
    assert found.linear / found.rows < 0.6


@pytest.mark.parametrize(("rows", "enough"), [(2 * LEAST_EACH, True), (39, False)])
def test_few_rows_are_not_probed(rows: int, *, enough: bool) -> None:
    labels = np.zeros(500, bool)
    labels[:rows] = True
    assert (balanced_halves(labels) is not None) == enough
    assert (balanced_halves(~labels) is not None) == enough


def test_halves_are_balanced_and_apart(planted: Planted) -> None:
    label = planted.labels[:, 1]
    halves = balanced_halves(label)
    assert halves is not None
    train, test = halves
    assert set(train.tolist()).isdisjoint(test.tolist())
    assert label[train].mean() == label[test].mean() == 0.5
    assert len(test) == 2 * (label.sum() // 2)


def test_the_nearest_are_those_of_all_cosines(planted: Planted) -> None:
    rows = planted.vectors[:300]
    own = np.arange(300)
    found, cosines = nearest(rows, rows, 10, own)
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    every = units @ units.T
    np.fill_diagonal(every, -2.0)
    best = np.sort(every, axis=1)[:, ::-1][:, :10]
    assert np.allclose(cosines, best, atol=1e-6)
    assert np.allclose(np.take_along_axis(every, found, axis=1), best, atol=1e-6)


@pytest.mark.parametrize(("queries", "of"), [(1000, 3000), (50, 500), (300, 3000)])
def test_all_neighbours_stay_where_nothing_changes(
    planted: Planted, queries: int, of: int
) -> None:
    rows = planted.vectors[:300]
    assert neighbour_recall(rows, rows * 2.0, queries) == (of, of)


def test_other_vectors_have_other_neighbours(planted: Planted) -> None:
    rows = planted.vectors[:300]
    kept, of = neighbour_recall(rows, rows[::-1], 300)
    assert kept < 0.2 * of
    assert neighbour_recall(rows[:10], rows[:10], 300) == (0, 0)


def test_rows_in_the_order_of_their_sources_are_no_clue() -> None:
    chosen = np.random.default_rng(4)
    vectors = chosen.normal(size=(4000, 8)).astype(np.float32)
    vectors[2000:, 0] += 5.0  # another source, told by every probe
    found = probe(vectors, chosen.random(4000) < 0.1)
    assert found is not None
    assert abs(found.linear / found.rows - 0.5) < 4 * 0.5 / np.sqrt(found.rows)
    assert neighbour_recall(vectors, vectors[::-1], 50)[1] == 500

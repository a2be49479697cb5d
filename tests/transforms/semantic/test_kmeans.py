from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.transforms.semantic.kmeans import (
    assign,
    default_clusters,
    fit,
)
from isinglass.transforms.semantic.vectors import unit_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@pytest.mark.parametrize(
    ("documents", "clusters"),
    [
        (0, 1),
        (1, 1),
        (5, 5),
        (8, 8),
        (128, 8),
        (10_000, 71),
        (1_000_000, 707),
        (8_000_000, 2000),
        (10**12, 2000),
    ],
)
def test_default_number_of_clusters(documents: int, clusters: int) -> None:
    assert default_clusters(documents) == clusters


@pytest.mark.parametrize("seed", range(8))
def test_three_planted_groups_are_found_exactly(
    seed: int, random_rows: Callable[..., NDArray[np.float32]]
) -> None:
    centres = random_rows(3, 64, seed=50)
    truth = np.repeat([0, 1, 2], [500, 300, 200])
    rows = unit_rows(centres[truth] + 0.2 * random_rows(1000, 64, seed=seed))
    rows, truth = rows[np.argsort(rows[:, 0])], truth[np.argsort(rows[:, 0])]
    labels, similarity = assign(rows, fit(rows, 3, 10, seed))
    pairs = {(int(a), int(b)) for a, b in zip(labels, truth, strict=True)}
    assert len(pairs) == 3
    assert similarity.min() > 0.9


def test_same_seed_same_centroids(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = random_rows(500)
    first, again = fit(rows, 20, 5, 1), fit(rows, 20, 5, 1)
    assert first.tobytes() == again.tobytes()
    assert fit(rows, 20, 5, 2).tobytes() != first.tobytes()


def test_centroids_are_the_directions_of_their_means(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = random_rows(400, 8)
    centroids = fit(rows, 5, 1000, 0)
    labels, _ = assign(rows, centroids)
    for label in range(5):
        mean = unit_rows(rows[labels == label].sum(axis=0, keepdims=True))
        assert centroids[label] == pytest.approx(mean[0], abs=1e-5)


def test_more_rounds_are_no_worse(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = random_rows(2000, 16)
    fits = [assign(rows, fit(rows, 30, rounds, 3))[1].sum() for rounds in (1, 5, 40)]
    assert fits[0] < fits[1] < fits[2]


def test_no_cluster_is_empty(random_rows: Callable[..., NDArray[np.float32]]) -> None:
    rows = random_rows(300, 3)
    labels, _ = assign(rows, fit(rows, 100, 20, 0))
    assert len(set(labels.tolist())) >= 95


@pytest.mark.parametrize("clusters", [1, 2, 50])
def test_copies_of_one_row_make_one_cluster(clusters: int) -> None:
    rows = unit_rows(np.ones((40, 5)))
    centroids = fit(rows, clusters, 5, 0)
    assert centroids.shape == (1, 5)
    assert assign(rows, centroids)[0].tolist() == [0] * 40


def test_rows_of_zeros_place_no_centroid(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = random_rows(200, 8)
    mixed = np.zeros((300, 8), np.float32)
    mixed[np.arange(300) % 3 != 1] = rows
    centroids = fit(mixed, 12, 10, 0)
    assert centroids.tobytes() == fit(rows, 12, 10, 0).tobytes()
    labels, similarity = assign(mixed, centroids)
    assert set(labels[1::3].tolist()) == {0}
    assert set(similarity[1::3].tolist()) == {0.0}
    assert len(set(labels.tolist())) == 12


def test_rows_of_zeros_alone_are_one_cluster() -> None:
    rows = np.zeros((30, 4), np.float32)
    centroids = fit(rows, 5, 3, 0)
    assert centroids.tolist() == [[0.0] * 4]
    labels, similarity = assign(rows, centroids)
    assert (labels.tolist(), similarity.tolist()) == ([0] * 30, [0.0] * 30)


def test_ties_go_to_the_lowest_cluster() -> None:
    rows = np.array([[1, 0], [0, 1], [0, 0]], np.float32)
    centroids = np.array([[0, 1], [1, 0], [1, 0]], np.float32)
    labels, similarity = assign(rows, centroids)
    assert labels.tolist() == [1, 0, 0]
    assert similarity.tolist() == [1, 1, 0]
    assert labels.dtype == np.int32
    assert similarity.dtype == np.float32


def test_nothing_to_fit_and_nothing_to_assign() -> None:
    with pytest.raises(ValueError, match="at least one vector"):
        fit(np.empty((0, 4), np.float32), 3, 1, 0)
    labels, _ = assign(np.empty((0, 4), np.float32), np.ones((2, 4), np.float32))
    assert labels.shape == (0,)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.transforms.semantic.layout import lay_out, radii
from isinglass.transforms.semantic.vectors import unit_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def _least_gap(places: NDArray[np.float64], wide: NDArray[np.float64]) -> float:
    step = places[:, None] - places[None]
    gaps = np.linalg.norm(step, axis=2) - wide[:, None] - wide[None]
    np.fill_diagonal(gaps, np.inf)
    return float(gaps.min())


@pytest.mark.parametrize("count", [1, 2, 12, 60, 150])
def test_circles_lie_inside_and_apart(
    count: int, random_rows: Callable[..., NDArray[np.float32]]
) -> None:
    sizes = (100_000 / np.arange(1, count + 1)).astype(np.int64)
    places, wide = lay_out(random_rows(count, 64), sizes), radii(sizes)
    assert (places - wide[:, None] >= 0).all()
    assert (places + wide[:, None] <= 1).all()
    assert _least_gap(places, wide) > 0
    assert wide**2 / wide[0] ** 2 == pytest.approx(sizes / sizes[0])


def test_same_centroids_same_map(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows, sizes = random_rows(30, 16), np.arange(1, 31)
    assert lay_out(rows, sizes).tobytes() == lay_out(rows, sizes).tobytes()


def test_like_clusters_are_neighbours(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    two = random_rows(2, 32)
    rows = unit_rows(np.repeat(two, 6, axis=0) + 0.2 * random_rows(12, 32))
    places = lay_out(rows, np.full(12, 100))
    inside = np.linalg.norm(places[:6] - places[:6].mean(axis=0), axis=1).max()
    between = np.linalg.norm(places[:6].mean(axis=0) - places[6:].mean(axis=0))
    assert between > 1.3 * inside


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [
        (np.ones((5, 3)), [1, 2, 3, 4, 5]),
        (np.eye(3), [0, 0, 0]),
        (np.eye(3), [10**12, 1, 0]),
        (np.ones((4, 1)), [1, 1, 1, 1]),
        (np.zeros((2, 2)), [7, 7]),
    ],
)
def test_odd_input_gives_a_map(rows: NDArray[np.float64], sizes: list[int]) -> None:
    places = lay_out(rows.astype(np.float32), np.array(sizes))
    assert np.isfinite(places).all()
    assert ((places >= 0) & (places <= 1)).all()
    assert _least_gap(places, radii(np.array(sizes))) > -1e-3


def test_no_clusters() -> None:
    places = lay_out(np.empty((0, 4), np.float32), np.empty(0, np.int64))
    assert places.shape == (0, 2)

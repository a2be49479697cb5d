from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.semantic.duplicates import find_duplicates
from isinglass.transforms.semantic.vectors import cosines, unit_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def _find(
    rows: NDArray[np.float32], threshold: float, most_leaders: int = 10_000
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    return find_duplicates(rows, threshold, most_leaders)


def _angle(degrees: float) -> list[float]:
    return [np.cos(np.radians(degrees)), np.sin(np.radians(degrees))]


@pytest.mark.parametrize(
    ("cosine", "marked"),
    [
        (1.0, True),
        (0.96, True),
        (0.950002, True),
        (0.95, True),
        (0.949998, False),
        (0.9, False),
        (-0.95, False),
    ],
)
def test_threshold_and_near_misses(
    cosine: float,
    marked: bool,  # noqa: FBT001
    random_rows: Callable[..., NDArray[np.float32]],
    at_cosine: Callable[[NDArray[np.float32], float, int], NDArray[np.float32]],
) -> None:
    rows = random_rows(300, 384)
    rows[217] = at_cosine(rows[40], cosine, 8)
    leader, found = _find(rows, 0.95)
    assert np.flatnonzero(leader >= 0).tolist() == ([217] if marked else [])
    if marked:
        assert leader[217] == 40
        assert found[217] == cosine
    assert np.isnan(found[40])


def test_no_chains() -> None:
    rows = unit_rows(np.array([_angle(degrees) for degrees in (0, 10, 20, 30, 35)]))
    leader, _ = _find(rows, np.cos(np.radians(11)))
    # 20 is near 10, but 10 does not lead; so 20 leads, and 30 is near it.
    assert leader.tolist() == [-1, 0, -1, 2, -1]


@pytest.mark.parametrize(
    ("degrees", "leaders"),
    [
        ((0, 10, 20), [-1, 0, -1]),
        ((20, 10, 0), [-1, 0, -1]),
        ((10, 0, 20), [-1, 0, 0]),
    ],
)
def test_the_earlier_row_leads(degrees: tuple[int, ...], leaders: list[int]) -> None:
    rows = unit_rows(np.array([_angle(one) for one in degrees]))
    leader, _ = _find(rows, np.cos(np.radians(11)))
    assert leader.tolist() == leaders


def test_the_first_leader_in_reach_wins() -> None:
    rows = unit_rows(np.array([_angle(degrees) for degrees in (19, 0, 18, 10)]))
    leader, _ = _find(rows, np.cos(np.radians(11)))
    assert leader.tolist() == [-1, -1, 0, 0]


def _greedy(rows: NDArray[np.float32], threshold: float) -> list[int]:
    """Straight from the definition."""
    leaders: list[int] = []
    result = []
    for row in range(len(rows)):
        exact = cosines(rows[np.full(len(leaders), row)], rows[leaders])
        near = np.flatnonzero(exact >= threshold)
        result.append(leaders[near[0]] if len(near) else -1)
        if not len(near):
            leaders.append(row)
    return result


@given(st.integers(0, 2**32), st.sampled_from([0.7, 0.9, 0.99, 1.0]))
def test_equals_the_definition(seed: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    rows = unit_rows(rng.integers(-2, 3, (60, 3)).astype(np.float64))
    leader, _ = _find(rows, threshold)
    assert leader.tolist() == _greedy(rows, threshold)


def test_equals_the_definition_across_blocks(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = random_rows(9000, 6)
    leader, cosine = _find(rows, 0.9)
    assert leader.tolist() == _greedy(rows, 0.9)
    marked = np.flatnonzero(leader >= 0)
    exact = cosines(rows[marked], rows[leader[marked]])
    assert cosine[marked].tolist() == exact.tolist()
    assert (leader[leader[marked]] == -1).all()


@pytest.mark.parametrize("threshold", [0.95, 1.0])
def test_many_copies_have_one_leader(
    threshold: float, random_rows: Callable[..., NDArray[np.float32]]
) -> None:
    rows = np.repeat(random_rows(1, 64), 50_000, axis=0)
    leader, cosine = _find(rows, threshold)
    assert leader[0] == -1
    assert (leader[1:] == 0).all()
    assert (cosine[1:] == 1).all()


def test_work_is_bounded_by_the_first_leaders(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = np.concatenate([random_rows(6000, 64)] * 2)
    leader, _ = _find(rows, 0.95, most_leaders=100)
    assert leader[6000:6100].tolist() == list(range(100))
    assert (leader[6200:] == -1).all()


def test_zeros_are_near_nothing() -> None:
    leader, _ = _find(np.zeros((4, 3), np.float32), 1e-7)
    assert leader.tolist() == [-1] * 4


@pytest.mark.parametrize("threshold", [0.0, -0.5, 1.01, float("nan")])
def test_other_thresholds_are_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        _find(np.eye(2, dtype=np.float32), threshold)

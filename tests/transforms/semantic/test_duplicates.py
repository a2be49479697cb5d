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
    found = find_duplicates(rows, np.arange(300), 0.95)
    assert np.flatnonzero(found.leader >= 0).tolist() == ([217] if marked else [])
    if marked:
        assert found.leader[217] == 40
        assert found.cosine[217] == cosine
    assert np.isnan(found.cosine[40])


def test_no_chains() -> None:
    rows = unit_rows(np.array([_angle(degrees) for degrees in (0, 10, 20, 30, 35)]))
    found = find_duplicates(rows, np.arange(5), np.cos(np.radians(11)))
    # 20 is near 10, but 10 does not lead; so 20 leads, and 30 is near it.
    assert found.leader.tolist() == [-1, 0, -1, 2, -1]


@pytest.mark.parametrize(
    ("ranks", "leaders"),
    [
        ([0, 1, 2], [-1, 0, -1]),
        ([2, 1, 0], [-1, 2, -1]),
        ([1, 0, 2], [1, -1, 1]),
        ([9, -4, 70], [1, -1, 1]),
    ],
)
def test_ranks_decide_who_leads(ranks: list[int], leaders: list[int]) -> None:
    rows = unit_rows(np.array([_angle(degrees) for degrees in (0, 10, 20)]))
    found = find_duplicates(rows, np.array(ranks), np.cos(np.radians(11)))
    assert found.leader.tolist() == leaders


def test_the_first_leader_in_reach_wins() -> None:
    rows = unit_rows(np.array([_angle(degrees) for degrees in (0, 19, 18, 10)]))
    found = find_duplicates(rows, np.array([1, 0, 2, 3]), np.cos(np.radians(11)))
    assert found.leader.tolist() == [-1, -1, 1, 1]


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
    found = find_duplicates(rows, np.arange(60), threshold)
    assert found.leader.tolist() == _greedy(rows, threshold)


def test_equals_the_definition_across_blocks(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = random_rows(9000, 6)
    found = find_duplicates(rows, np.arange(9000), 0.9)
    assert found.leader.tolist() == _greedy(rows, 0.9)
    marked = np.flatnonzero(found.leader >= 0)
    exact = cosines(rows[marked], rows[found.leader[marked]])
    assert found.cosine[marked].tolist() == exact.tolist()
    assert (found.leader[found.leader[marked]] == -1).all()


@pytest.mark.parametrize("threshold", [0.95, 1.0])
def test_many_copies_have_one_leader(
    threshold: float, random_rows: Callable[..., NDArray[np.float32]]
) -> None:
    rows = np.repeat(random_rows(1, 64), 50_000, axis=0)
    found = find_duplicates(rows, np.arange(50_000)[::-1], threshold)
    assert found.leader[-1] == -1
    assert (found.leader[:-1] == 49_999).all()
    assert (found.cosine[:-1] == 1).all()


def test_work_is_bounded_by_the_first_leaders(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = np.concatenate([random_rows(6000, 64)] * 2)
    found = find_duplicates(rows, np.arange(12_000), 0.95, most_leaders=100)
    assert found.leader[6000:6100].tolist() == list(range(100))
    assert (found.leader[6200:] == -1).all()


def test_zeros_are_near_nothing() -> None:
    found = find_duplicates(np.zeros((4, 3), np.float32), np.arange(4), 1e-7)
    assert found.leader.tolist() == [-1] * 4


@pytest.mark.parametrize("threshold", [0.0, -0.5, 1.01, float("nan")])
def test_other_thresholds_are_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        find_duplicates(np.eye(2, dtype=np.float32), np.arange(2), threshold)


def test_ranks_and_vectors_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="3 ranks and 2 vectors"):
        find_duplicates(np.eye(2, dtype=np.float32), np.arange(3), 0.9)

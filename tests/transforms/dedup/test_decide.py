from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.dedup.decide import group_equal

LARGE = 2**63 + 1


@pytest.mark.parametrize(
    ("hashes", "ranks", "expected"),
    [
        ([(1, 1), (2, 2), (3, 3)], [0, 1, 2], [0, 1, 2]),
        ([(1, 1), (1, 1), (1, 1)], [2, 0, 1], [1, 1, 1]),
        ([(1, 2), (2, 1), (1, 1)], [0, 1, 2], [0, 1, 2]),
        ([(5, LARGE), (5, 1), (5, LARGE)], [9, 0, 4], [2, 1, 2]),
        ([(LARGE, 0), (0, LARGE), (LARGE, 0)], [0, 1, 2], [0, 1, 0]),
    ],
)
def test_table(
    hashes: list[tuple[int, int]], ranks: list[int], expected: list[int]
) -> None:
    keeper = group_equal(np.array(hashes, np.uint64), np.array(ranks, np.uint32))
    assert keeper.dtype == np.int64
    assert keeper.tolist() == expected


def test_empty() -> None:
    keeper = group_equal(np.zeros((0, 2), np.uint64), np.zeros(0, np.uint32))
    assert keeper.shape == (0,)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2))), st.randoms())
def test_equals_reference(hashes: list[tuple[int, int]], random: object) -> None:
    ranks = list(range(len(hashes)))
    random.shuffle(ranks)  # type: ignore[attr-defined]
    best: dict[tuple[int, int], int] = {}
    for row in sorted(range(len(hashes)), key=ranks.__getitem__):
        best.setdefault(hashes[row], row)
    keeper = group_equal(
        np.array(hashes, np.uint64).reshape(-1, 2), np.array(ranks, np.uint32)
    )
    assert keeper.tolist() == [best[value] for value in hashes]

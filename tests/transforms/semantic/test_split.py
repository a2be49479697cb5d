from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.transforms.semantic.kmeans import split

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@pytest.mark.parametrize(("count", "largest"), [(1000, 100), (3000, 7), (50, 49)])
def test_no_part_is_larger(
    count: int, largest: int, random_rows: Callable[..., NDArray[np.float32]]
) -> None:
    parts = split(random_rows(count, 16), largest, 0)
    assert np.sort(np.concatenate(parts)).tolist() == list(range(count))
    assert min(map(len, parts)) >= 1
    assert max(map(len, parts)) <= largest
    assert all((np.diff(rows) > 0).all() for rows in parts)


def test_small_clusters_stay_whole(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    assert [rows.tolist() for rows in split(random_rows(100), 100, 0)] == [
        list(range(100))
    ]
    assert [rows.tolist() for rows in split(random_rows(0), 100, 0)] == [[]]


def test_same_seed_same_parts(random_rows: Callable[..., NDArray[np.float32]]) -> None:
    first, again = (split(random_rows(500), 50, 0) for _ in range(2))
    assert [rows.tolist() for rows in first] == [rows.tolist() for rows in again]


def test_copies_stay_together_beside_others(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = random_rows(2000)
    rows[500:1500] = rows[0]
    copies = {0, *range(500, 1500)}
    parts = [set(part.tolist()) for part in split(rows, 100, 0)]
    assert [len(part & copies) for part in parts if part & copies] == [1001]
    assert max(len(part - copies) for part in parts) <= 100

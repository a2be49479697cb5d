from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.transforms.semantic.split import split

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@pytest.mark.parametrize(("count", "largest"), [(1000, 100), (3000, 7), (50, 49)])
def test_no_part_is_larger(
    count: int, largest: int, random_rows: Callable[..., NDArray[np.float32]]
) -> None:
    parts = split(random_rows(count, 16), largest, 0)
    sizes = np.bincount(parts)
    assert sizes.sum() == count
    assert sizes.min() >= 1
    assert sizes.max() <= largest


def test_small_clusters_stay_whole(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    assert split(random_rows(100), 100, 0).tolist() == [0] * 100
    assert split(random_rows(0), 100, 0).tolist() == []


def test_parts_are_numbered_by_first_appearance(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    parts = split(random_rows(500), 50, 0)
    _, first = np.unique(parts, return_index=True)
    assert (np.diff(first) > 0).all()
    assert first[0] == 0
    assert parts.tolist() == split(random_rows(500), 50, 0).tolist()


def test_copies_stay_together_beside_others(
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    rows = random_rows(2000)
    rows[500:1500] = rows[0]
    parts = split(rows, 100, 0)
    assert len(set(parts[500:1500].tolist())) == 1
    others = np.delete(parts, np.arange(500, 1500))
    assert np.bincount(others).max() <= 100

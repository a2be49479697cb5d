from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.semantic.duplicates import Rows, count_pairs
from isinglass.transforms.semantic.vectors import unit_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def _rows(
    numbers: NDArray[np.int64], rows: NDArray[np.float32], parts: NDArray[np.int64]
) -> Rows:
    return Rows(numbers, rows[numbers], parts[numbers])


def test_pairs_across_parts_are_counted_as_missed(
    random_rows: Callable[..., NDArray[np.float32]],
    at_cosine: Callable[[NDArray[np.float32], float, int], NDArray[np.float32]],
) -> None:
    rows = random_rows(100, 384)
    parts = np.zeros(100, np.int64)
    for row, like, cosine in ((50, 0, 0.97), (51, 0, 0.951), (52, 1, 0.96)):
        rows[row] = at_cosine(rows[like], cosine, row)
    rows[53] = at_cosine(rows[2], 0.949, 53)
    parts[51] = parts[52] = 1
    whole = _rows(np.arange(100), rows, parts)
    pairs, together = count_pairs(_rows(np.arange(10), rows, parts), whole, 0.95)
    assert pairs.tolist() == [2, 1] + [0] * 8
    assert together.tolist() == [1] + [0] * 9


def test_batches_add_up(random_rows: Callable[..., NDArray[np.float32]]) -> None:
    rows, parts = random_rows(300, 3), np.arange(300) % 3
    sampled = _rows(np.arange(0, 300, 7), rows, parts)
    whole = count_pairs(sampled, _rows(np.arange(300), rows, parts), 0.95)
    batches = [np.arange(7), np.arange(7, 250), np.arange(250, 300), np.arange(0)]
    pieces = [count_pairs(sampled, _rows(b, rows, parts), 0.95) for b in batches]
    assert np.sum(pieces, axis=0).tolist() == whole.tolist()
    assert 0 < whole[1].sum() < whole[0].sum()


def test_equal_vectors_count_but_not_a_document_itself() -> None:
    rows, parts = unit_rows(np.ones((5, 384))), np.zeros(5, np.int64)
    whole = _rows(np.arange(5), rows, parts)
    found = count_pairs(_rows(np.array([3, 1]), rows, parts), whole, 1.0)
    assert found.tolist() == [[4, 4], [4, 4]]


def test_without_a_pair_nothing_is_counted() -> None:
    rows, parts = np.eye(3, dtype=np.float32), np.arange(3)
    whole = _rows(np.arange(3), rows, parts)
    assert count_pairs(whole, whole, 0.95).tolist() == [[0] * 3, [0] * 3]

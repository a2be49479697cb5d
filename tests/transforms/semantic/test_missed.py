from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.semantic.hashing import id_bytes
from isinglass.transforms.semantic.missed import Recall, RecallFold
from isinglass.transforms.semantic.vectors import unit_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from numpy.typing import NDArray


def _fold(
    ids: pa.StringArray,
    rows: NDArray[np.float32],
    parts: NDArray[np.int64],
    sampled: int,
) -> RecallFold:
    return RecallFold(id_bytes(ids)[:sampled], rows[:sampled], parts[:sampled], 0.95)


def test_pairs_across_parts_are_counted_as_missed(
    doc_ids: Callable[[int], pa.StringArray],
    random_rows: Callable[..., NDArray[np.float32]],
    at_cosine: Callable[[NDArray[np.float32], float, int], NDArray[np.float32]],
) -> None:
    ids, rows = doc_ids(100), random_rows(100, 384)
    parts = np.zeros(100, np.int64)
    for row, like, cosine in ((50, 0, 0.97), (51, 0, 0.951), (52, 1, 0.96)):
        rows[row] = at_cosine(rows[like], cosine, row)
    rows[53] = at_cosine(rows[2], 0.949, 53)
    parts[51] = parts[52] = 1
    fold = _fold(ids, rows, parts, 10)
    recall = fold.finish(fold.add(fold.create(), ids, rows, parts))
    assert recall == Recall(10, 2, 1, 3, 1)


def test_batches_add_up_in_any_order(
    doc_ids: Callable[[int], pa.StringArray],
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    ids, rows = doc_ids(300), random_rows(300, 3)
    parts = np.arange(300) % 3
    fold = _fold(ids, rows, parts, 40)
    whole = fold.finish(fold.add(fold.create(), ids, rows, parts))
    pieces = [
        fold.add(fold.create(), ids[cut], rows[cut], parts[cut])
        for cut in (slice(0, 7), slice(7, 250), slice(250, 300))
    ]
    merged = fold.merge(pieces[2], fold.merge(pieces[0], pieces[1]))
    assert fold.finish(merged) == whole
    assert 0 < whole.pairs_together < whole.pairs


def test_equal_vectors_count_but_not_a_document_itself(
    doc_ids: Callable[[int], pa.StringArray],
) -> None:
    ids, rows = doc_ids(5), unit_rows(np.ones((5, 384)))
    fold = RecallFold(id_bytes(ids)[:2], rows[:2], np.zeros(2, np.int64), 1.0)
    found = fold.add(fold.create(), ids, rows, np.zeros(5, np.int64))
    assert fold.finish(found) == Recall(2, 2, 2, 8, 8)


def test_no_pair_has_no_share(doc_ids: Callable[[int], pa.StringArray]) -> None:
    rows = np.eye(3, dtype=np.float32)
    fold = _fold(doc_ids(3), rows, np.arange(3), 3)
    found = fold.add(fold.create(), doc_ids(3), rows, np.arange(3))
    assert fold.finish(found) == Recall(3, 0, 0, 0, 0)

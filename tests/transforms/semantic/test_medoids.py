from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.semantic.medoids import (
    add_medoids,
    merge_medoids,
    no_medoids,
)


def _ids(numbers: list[int]) -> pa.StringArray:
    return pa.array([f"{number:032x}" for number in numbers], pa.string())


def test_nearest_document_wins_and_ties_go_to_the_smaller_id() -> None:
    medoids = add_medoids(
        no_medoids(4),
        _ids([9, 3, 5, 7, 1]),
        np.array([0, 0, 0, 2, 2], np.int32),
        np.array([0.9, 0.9, 0.4, 0.1, -0.5], np.float32),
    )
    assert [int(found or b"0", 16) for found in medoids.ids.tolist()] == [3, 0, 7, 0]
    assert medoids.similarity.tolist() == [0.9, -np.inf, 0.1, -np.inf]
    assert medoids.documents.tolist() == [3, 0, 2, 0]


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from([0.1, 0.5, 0.9])),
        max_size=12,
    ),
    cut=st.integers(0, 12),
)
def test_order_of_batches_does_not_matter(
    rows: list[tuple[int, float]], cut: int
) -> None:
    ids = _ids(list(range(len(rows))))
    clusters = np.array([row[0] for row in rows], np.int32)
    similarity = np.array([row[1] for row in rows], np.float32)
    whole = add_medoids(no_medoids(3), ids, clusters, similarity)
    first = add_medoids(no_medoids(3), ids[:cut], clusters[:cut], similarity[:cut])
    second = add_medoids(no_medoids(3), ids[cut:], clusters[cut:], similarity[cut:])
    for merged in (merge_medoids(first, second), merge_medoids(second, first)):
        assert merged.ids.tolist() == whole.ids.tolist()
        assert merged.similarity.tolist() == whole.similarity.tolist()
        assert merged.documents.tolist() == whole.documents.tolist()
    best = max(
        ((value, -row) for row, (label, value) in enumerate(rows) if label == 0),
        default=None,
    )
    expected = b"" if best is None else f"{-best[1]:032x}".encode()
    assert whole.ids[0] == expected

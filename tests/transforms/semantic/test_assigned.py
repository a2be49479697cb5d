from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.tables import CLUSTERS
from isinglass.transforms.semantic.assigned import Assigned, list_clusters

Line = tuple[int, int, float, bool]


def _table(lines: list[Line]) -> pa.Table:
    """Rows of `clusters/`: number of each document, cluster, similarity, if near."""
    rows = [
        {
            "doc_id": f"{number:032x}",
            "cluster": cluster,
            "similarity": similarity,
            "outlier_score": 0.0,
            "near_duplicate_of": "0" * 32 if near else None,
            "near_duplicate_cosine": 1.0 if near else None,
        }
        for number, cluster, similarity, near in lines
    ]
    return pa.Table.from_pylist(rows, CLUSTERS)


LINES: list[Line] = [
    (9, 0, 0.9, False),
    (3, 0, 0.9, True),
    (5, 0, 0.4, True),
    (7, 2, 0.1, False),
    (1, 2, -0.5, False),
]


def test_documents_of_all_tables_by_their_id() -> None:
    found = Assigned.of([_table(LINES[:2]), _table([]), _table(LINES[2:])])
    assert [int(name, 16) for name in found.ids.tolist()] == [1, 3, 5, 7, 9]
    assert found.clusters.tolist() == [2, 0, 0, 2, 0]
    assert found.near.tolist() == [False, True, True, False, False]
    assert found.similarity.dtype == np.float32
    assert len(Assigned.of([_table([])]).ids) == 0


def test_nearest_document_wins_and_ties_go_to_the_smaller_id() -> None:
    listed = list_clusters(Assigned.of([_table(LINES)]), 4)
    assert listed.to_pydict() == {
        "cluster": [0, 1, 2, 3],
        "documents": [3, 0, 2, 0],
        "near_duplicates": [2, 0, 0, 0],
        "medoid_doc_id": [f"{3:032x}", None, f"{7:032x}", None],
        "medoid_similarity": [0.9, None, 0.1, None],
    }


@given(
    lines=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from([0.1, 0.5, 0.9]), st.booleans()),
        max_size=12,
    ),
    cut=st.integers(0, 12),
)
def test_order_of_tables_does_not_matter(
    lines: list[tuple[int, float, bool]], cut: int
) -> None:
    rows = [(number, *line) for number, line in enumerate(lines)]
    whole = list_clusters(Assigned.of([_table(rows)]), 3)
    parts = [_table(rows[cut:]), _table(rows[:cut])]
    assert list_clusters(Assigned.of(parts), 3).equals(whole)
    best = max(((row[2], -row[0]) for row in rows if row[1] == 0), default=None)
    expected = None if best is None else f"{-best[1]:032x}"
    assert whole["medoid_doc_id"][0].as_py() == expected

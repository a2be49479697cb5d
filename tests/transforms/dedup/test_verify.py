from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.dedup.verify import containment, jaccard

LARGE = 2**64 - 1
Sets = list[set[int]]


def pack(sets: Sets) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lay the sets out with gaps between them, as subsets of a larger batch."""
    values: list[int] = [7]
    starts, ends = [], []
    for one in sets:
        starts.append(len(values))
        values += sorted(one)
        ends.append(len(values))
        values.append(0)
    return (
        np.array(values, np.uint64),
        np.array(starts, np.int64),
        np.array(ends, np.int64),
    )


@pytest.mark.parametrize(
    ("left", "right", "similarity", "contained"),
    [
        (set(), set(), 0.0, 0.0),
        (set(), {1}, 0.0, 0.0),
        ({1}, set(), 0.0, 0.0),
        ({1, 2, 3}, {1, 2, 3}, 1.0, 1.0),
        ({1, 2, 3}, {4, 5}, 0.0, 0.0),
        ({1, 2, 3}, {1, 2, 3, 4}, 0.75, 1.0),
        ({1, 2, 3, 4}, {1, 2, 3}, 0.75, 0.75),
        ({0, LARGE}, {LARGE}, 0.5, 0.5),
        ({2**63 - 1, 2**63}, {2**63}, 0.5, 0.5),
    ],
)
def test_table(
    left: set[int], right: set[int], similarity: float, contained: float
) -> None:
    values, starts, ends = pack([left, right])
    one, other = np.array([0]), np.array([1])
    assert jaccard(values, starts, ends, one, other).tolist() == [similarity]
    assert containment(values, starts, ends, one, other).tolist() == [contained]


sets = st.lists(st.sets(st.integers(0, 20) | st.integers(0, LARGE)), min_size=1)


@given(sets, st.data())
def test_equals_python_sets(values: Sets, data: st.DataObject) -> None:
    index = st.integers(0, len(values) - 1)
    pairs = data.draw(st.lists(st.tuples(index, index), max_size=20))
    left = np.array([a for a, _ in pairs], np.int64)
    right = np.array([b for _, b in pairs], np.int64)
    packed = pack(values)
    similarity = jaccard(*packed, left, right)
    share = containment(*packed, left, right)
    assert similarity.dtype == share.dtype == np.float64
    assert similarity.shape == share.shape == (len(pairs),)
    for pair, (a, b) in enumerate(pairs):
        one, other = values[a], values[b]
        common = len(one & other)
        assert similarity[pair] == (common / len(one | other) if one | other else 0.0)
        assert share[pair] == (common / len(one) if one else 0.0)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.dedup.candidates import compare

LARGE = 2**64 - 1
Sets = list[set[int]]


def pack(sets: Sets) -> tuple[np.ndarray, np.ndarray]:
    """Lay the sets out one after another."""
    values = [value for one in sets for value in sorted(one)]
    offsets = np.cumsum([0, *map(len, sets)])
    return np.array(values, np.uint64), offsets.astype(np.int64)


@pytest.mark.parametrize(
    ("stays", "goes", "similarity", "contained"),
    [
        (set(), set(), 0.0, 0.0),
        (set(), {1}, 0.0, 0.0),
        ({1}, set(), 0.0, 0.0),
        ({1, 2, 3}, {1, 2, 3}, 1.0, 1.0),
        ({1, 2, 3}, {4, 5}, 0.0, 0.0),
        ({1, 2, 3, 4}, {1, 2, 3}, 0.75, 1.0),
        ({1, 2, 3, 4}, {1, 2, 5}, 0.4, 2 / 3),
        # Nothing is contained in what is shorter.
        ({1, 2, 3}, {1, 2, 3, 4}, 0.75, 0.0),
        ({0, LARGE}, {LARGE}, 0.5, 1.0),
        ({2**63 - 1, 2**63}, {2**63}, 0.5, 1.0),
    ],
)
def test_table(
    stays: set[int], goes: set[int], similarity: float, contained: float
) -> None:
    # Between others, as subsets of a larger batch.
    values, offsets = pack([{7}, stays, {0}, goes, {LARGE}])
    pairs = np.array([[1, 3]])
    found = compare(values, offsets, pairs, contained=True)
    assert found.contained is not None
    assert found.jaccard.tolist() == [similarity]
    assert found.contained.tolist() == [contained]
    assert compare(values, offsets, pairs, contained=False).contained is None


sets = st.lists(st.sets(st.integers(0, 20) | st.integers(0, LARGE)), min_size=1)


@given(sets, st.data())
def test_equals_python_sets(values: Sets, data: st.DataObject) -> None:
    index = st.integers(0, len(values) - 1)
    pairs = data.draw(st.lists(st.tuples(index, index), max_size=20))
    asked = np.array(pairs, np.int64).reshape(-1, 2)
    found = compare(*pack(values), asked, contained=True)
    assert found.contained is not None
    assert found.jaccard.dtype == found.contained.dtype == np.float64
    assert found.jaccard.shape == found.contained.shape == (len(pairs),)
    for pair, (a, b) in enumerate(pairs):
        stays, goes = values[a], values[b]
        common = len(stays & goes)
        union = len(stays | goes)
        assert found.jaccard[pair] == (common / union if union else 0.0)
        inside = common / len(goes) if goes and len(goes) <= len(stays) else 0.0
        assert found.contained[pair] == inside

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.semantic.hashing import as_strings, hash_ids, id_bytes
from isinglass.transforms.semantic.sample import SampleFold

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

IDS = pa.array([f"{number:032x}" for number in range(60)])
ROWS = np.arange(120, dtype=np.float32).reshape(60, 2)


def _smallest(size: int, seed: int) -> list[bytes]:
    ids = id_bytes(IDS)
    return ids[np.argsort(hash_ids(ids, seed))][:size].tolist()


@given(
    cuts=st.lists(st.integers(0, 60), max_size=6),
    order=st.permutations(range(60)),
    size=st.integers(1, 70),
    merged=st.booleans(),
)
def test_any_order_and_grouping_gives_the_same(
    cuts: list[int], order: list[int], size: int, *, merged: bool
) -> None:
    fold = SampleFold(size, seed=9)
    bounds = [0, *sorted(cuts), 60]
    pieces = []
    whole = fold.create()
    for start, end in pairwise(bounds):
        rows = np.array(order[start:end], np.int64)
        ids = IDS.take(pa.array(rows))
        whole = fold.add(whole, ids, ROWS[rows])
        pieces.append(fold.add(fold.create(), ids, ROWS[rows]))
    if merged:
        whole = fold.create()
        for piece in reversed(pieces):
            whole = fold.merge(piece, whole)
    sample = fold.finish(whole)
    assert sample.ids.tolist() == _smallest(size, 9)
    numbers = [int(text.as_py(), 16) for text in as_strings(sample.ids)]
    assert sample.vectors.tolist() == ROWS[numbers].tolist()
    assert sample.documents == 60


def test_merging_changes_neither_and_finishing_twice_is_the_same() -> None:
    fold = SampleFold(4, seed=1)
    first = fold.add(fold.create(), IDS[:30], ROWS[:30])
    second = fold.add(fold.create(), IDS[30:], ROWS[30:])
    before = fold.finish(first).ids.tolist()
    fold.merge(first, second)
    assert fold.finish(first).ids.tolist() == before
    assert fold.finish(fold.create()).documents == 0


def test_memory_stays_near_the_sample(
    doc_ids: Callable[[int], pa.StringArray],
    random_rows: Callable[..., NDArray[np.float32]],
) -> None:
    fold = SampleFold(100, seed=0)
    drawn = fold.create()
    ids, rows = doc_ids(5000), random_rows(5000, 4)
    for start in range(0, 5000, 50):
        drawn = fold.add(drawn, ids[start : start + 50], rows[start : start + 50])
        assert drawn.rows <= 250
    assert len(fold.finish(drawn).ids) == 100


def test_ids_and_vectors_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="60 doc_ids and 59 vectors"):
        SampleFold(4, seed=1).add(SampleFold(4, 1).create(), IDS, ROWS[:59])

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.encode.forward.batch import DeviceBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

torch = pytest.importorskip("torch")


def test_runs(
    documents: Callable[..., list[NDArray[np.int32]]], make_batch: Callable[..., Any]
) -> None:
    batch = make_batch(documents(9, 5, 5, 1))
    assert batch.runs == [(0, 9, 1, 9), (9, 19, 2, 5), (19, 20, 1, 1)]
    assert batch.longest == 9


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20))
def test_rows_and_places(lengths: list[int]) -> None:
    lengths.sort(reverse=True)
    starts = torch.from_numpy(np.cumsum([0, *lengths]).astype(np.int32))
    ids = torch.zeros(sum(lengths), dtype=torch.int32)
    batch = DeviceBatch(ids, starts, np.array(lengths))
    rows = batch.token_rows()
    assert rows.tolist() == [r for r, n in enumerate(lengths) for _ in range(n)]
    places = batch.token_places(rows)
    assert places.tolist() == [place for n in lengths for place in range(n)]

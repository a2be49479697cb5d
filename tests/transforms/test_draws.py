from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from isinglass.transforms.draws import sample_documents
from isinglass.transforms.read.identity import doc_ids


def ids(count: int, name: str = "a.jsonl") -> pa.StringArray:
    return doc_ids("web", name, np.arange(count, dtype=np.int64))


def test_the_sample_has_the_expected_size() -> None:
    chosen = sample_documents(ids(100_000), 0.1, "3")
    # Six standard deviations of a binomial count.
    assert abs(int(chosen.sum()) - 10_000) < 6 * (100_000 * 0.1 * 0.9) ** 0.5


@pytest.mark.parametrize(
    ("share", "holds"), [(1.0, all), (2.0, all), (0.0, lambda c: not any(c))]
)
def test_all_or_nothing_is_sampled(share: float, holds: Callable[..., bool]) -> None:
    assert holds(sample_documents(ids(1000), share, "3").tolist())


def test_the_sample_does_not_depend_on_the_batch() -> None:
    every = sample_documents(ids(1000), 0.3, "3")
    order = list(range(1000))
    random.Random(1).shuffle(order)  # noqa: S311 - test data
    mixed = sample_documents(ids(1000).take(pa.array(order)), 0.3, "3")
    assert mixed.tolist() == every[order].tolist()
    parts = [
        sample_documents(ids(1000)[i : i + 7], 0.3, "3") for i in range(0, 1000, 7)
    ]
    assert np.concatenate(parts).tolist() == every.tolist()


def test_labels_give_other_samples_and_shares_grow_them() -> None:
    small, large = (sample_documents(ids(1000), share, "3") for share in (0.2, 0.5))
    other = sample_documents(ids(1000), 0.2, "4")
    assert not (small & ~large).any()
    # Two independent samples of a fifth have 40 of 1,000 in common.
    assert 10 < int((small & other).sum()) < 80

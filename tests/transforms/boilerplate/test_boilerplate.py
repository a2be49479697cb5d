"""Boilerplate: sums, the threshold, numbers, and documents that nothing is left of."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.boilerplate.boilerplate import (
    ENTRY,
    UNKNOWN,
    Boilerplate,
    emptied,
    frequent,
    list_parts,
    pack,
)

BIG = 2**64 - 1


def boilerplate(counts: dict[int, int]) -> Boilerplate:
    keys = sorted(counts)
    documents = [counts[key] for key in keys]
    return Boilerplate(np.array(keys, np.uint64), np.array(documents, np.int64))


def told(table: np.ndarray) -> list[object]:
    return list(map(tuple, table.T.tolist()))


def test_a_shard_is_summed_up() -> None:
    entries = pack(np.array([7, BIG, 7, 3, 7], np.uint64))
    assert entries.dtype == ENTRY
    assert entries.dtype.itemsize == 12
    assert entries.tolist() == [(3, 1), (7, 3), (BIG, 1)]
    assert pack(np.zeros(0, np.uint64)).tolist() == []


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (1, [(3, 2), (7, 5), (BIG, 4)]),
        (2, [(7, 5), (BIG, 4)]),
        (4, [(7, 5)]),
        (5, []),
    ],
)
def test_more_than_so_many_documents(most: int, expected: list[object]) -> None:
    rows = [(BIG, 3), (7, 1), (3, 2), (9, 1), (7, 4), (BIG, 1)]
    assert told(frequent(np.array(rows, ENTRY), most)) == expected


def test_sums_may_exceed_what_an_entry_holds() -> None:
    rows = [(7, 2**32 - 1)] * 3
    assert told(frequent(np.array(rows, ENTRY), 1)) == [(7, 3 * (2**32 - 1))]


def test_nothing_is_frequent_in_nothing() -> None:
    found = frequent(np.zeros(0, ENTRY), 1)
    assert found.dtype == np.uint64
    assert found.shape == (2, 0)
    assert boilerplate({}).find(np.array([1], np.uint64)).tolist() == [UNKNOWN]


KEYS = st.integers(0, 6) | st.just(BIG)


@given(st.lists(st.lists(st.sets(KEYS), max_size=5), max_size=5), st.integers(1, 4))
def test_shards_add_up_like_one(shards: list[list[set[int]]], most: int) -> None:
    packed = [
        pack(np.array([key for keys in shard for key in keys], np.uint64))
        for shard in shards
    ]
    whole = np.concatenate([np.zeros(0, ENTRY), *packed])
    counted = Counter(key for shard in shards for keys in shard for key in keys)
    expected = sorted((key, n) for key, n in counted.items() if n > most)
    assert told(frequent(whole, most)) == expected


def test_numbers_follow_documents_then_keys() -> None:
    found = boilerplate({2: 10, 5: 30, 8: 10, BIG: 20})
    assert found.numbers.tolist() == [2, 0, 3, 1]
    assert found.keys[found.order].tolist() == [5, BIG, 2, 8]
    asked = np.array([BIG, 0, 8, 2, 3, 5, BIG - 1], np.uint64)
    assert found.find(asked).tolist() == [1, -1, 3, 2, -1, 0, -1]


DOCUMENTS: list[tuple[list[int] | None, bool, bool]] = [
    # keys, whether all paragraphs count, whether nothing is left
    ([2], True, True),
    ([2], False, False),
    ([2, 5], True, True),
    ([2, 3], True, False),
    ([3], True, False),
    ([], True, False),
    ([], False, False),
    (None, True, False),
    ([5, 8, 2], True, True),
]


@pytest.mark.parametrize("start", range(len(DOCUMENTS)))
def test_documents_of_boilerplate_alone(start: int) -> None:
    kind = pa.list_(pa.uint64())
    lists = pa.array([keys for keys, _, _ in DOCUMENTS], kind).slice(start)
    only_long = pa.array([whole for _, whole, _ in DOCUMENTS]).slice(start)
    found = emptied(lists, only_long, boilerplate({2: 10, 5: 30, 8: 10}))
    assert found.tolist() == [gone for _, _, gone in DOCUMENTS[start:]]


def test_nothing_is_emptied_without_boilerplate() -> None:
    lists = pa.array([[2], []], pa.list_(pa.uint64()))
    flags = pa.array([True, True])
    assert emptied(lists, flags, boilerplate({})).tolist() == [False, False]
    assert emptied(lists.slice(2), flags.slice(2), boilerplate({2: 3})).tolist() == []


def test_parts_of_lists() -> None:
    lists = pa.array([[1], None, [2, 3], []], pa.list_(pa.uint64()))
    keys, offsets = list_parts(lists.slice(1))
    assert keys.tolist() == [2, 3]
    assert offsets.tolist() == [0, 0, 2, 2]

from __future__ import annotations

import time
import tracemalloc
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.dedup.candidates import (
    CountedPairs,
    candidate_pairs,
    counted_pairs,
    merge_counted,
    merge_pairs,
)

entries = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 12)), max_size=60)


def pairs_of(values: list[tuple[int, int]], leaders: int) -> list[tuple[int, int]]:
    keys = np.array([key for key, _ in values], np.uint64)
    ranks = np.array([rank for _, rank in values], np.uint32)
    found = candidate_pairs(keys, ranks, leaders)
    assert found.dtype == np.uint32
    return [tuple(pair) for pair in found.tolist()]


def reference(values: list[tuple[int, int]], leaders: int) -> list[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for key in {key for key, _ in values}:
        group = sorted({rank for other, rank in values if other == key})
        if len(group) <= leaders:
            found.update(combinations(group, 2))
            continue
        for index, rank in enumerate(group):
            found.update((leader, rank) for leader in group[: min(index, leaders)])
            if index:
                found.add((group[index - 1], rank))
    return sorted(found)


@given(entries, st.integers(1, 16), st.randoms())
def test_equals_reference_in_any_order(
    values: list[tuple[int, int]], leaders: int, random: object
) -> None:
    expected = reference(values, leaders)
    assert pairs_of(values, leaders) == expected
    random.shuffle(values)  # type: ignore[attr-defined]
    assert pairs_of(values, leaders) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([(7, 1)], []),
        ([(7, 1), (8, 2)], []),
        ([(7, 1), (7, 1)], []),
        ([(7, 5), (7, 1)], [(1, 5)]),
        ([(7, 2), (7, 1), (7, 0)], [(0, 1), (0, 2), (1, 2)]),
        ([(7, 1), (7, 2), (2**64 - 1, 2), (2**64 - 1, 1)], [(1, 2)]),
        ([(0, 2**32 - 1), (0, 0)], [(0, 2**32 - 1)]),
    ],
)
def test_table(values: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    assert pairs_of(values, 16) == expected


def test_large_groups_meet_their_leaders_and_predecessor() -> None:
    found = pairs_of([(1, rank) for rank in range(6)], 2)
    assert found == [
        *[(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)],
        *[(1, 2), (1, 3), (1, 4), (1, 5)],
        *[(2, 3), (3, 4), (4, 5)],
    ]


def test_a_million_copies_of_one_key_stay_linear() -> None:
    ranks = np.random.default_rng(0).permutation(1_000_000).astype(np.uint32)
    keys = np.full(len(ranks), 42, np.uint64)
    candidate_pairs(keys[:100], ranks[:100])  # compiles
    tracemalloc.start()
    start = time.process_time()
    found = candidate_pairs(keys, ranks)
    seconds = time.process_time() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 16 * 15 // 2 + (len(ranks) - 16) * 17 - 1
    assert seconds < 20
    assert peak < 1_000_000_000


@given(st.lists(entries, max_size=4))
def test_merge_equals_set_union(parts: list[list[tuple[int, int]]]) -> None:
    arrays = [np.array(part, np.uint32).reshape(-1, 2) for part in parts]
    merged = merge_pairs(arrays)
    assert merged.dtype == np.uint32
    assert merged.shape[1] == 2
    expected = sorted({pair for part in parts for pair in part})
    assert [tuple(pair) for pair in merged.tolist()] == expected


def with_references(
    values: list[tuple[int, int]], leaders: int, references: int
) -> list[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for key in {key for key, _ in values}:
        group = sorted({rank for other, rank in values if other == key})
        old = [rank for rank in group if rank < references]
        new = [rank for rank in group if rank >= references]
        for index, rank in enumerate(new):
            before = [*old, *new[:index]]
            met = {*before[:leaders], *new[: min(index, leaders)], *before[-1:]}
            found.update((other, rank) for other in met)
    return sorted(found)


@given(entries, st.integers(1, 6), st.integers(0, 13))
def test_references_are_not_paired_with_each_other(
    values: list[tuple[int, int]], leaders: int, references: int
) -> None:
    keys = np.array([key for key, _ in values], np.uint64)
    ranks = np.array([rank for _, rank in values], np.uint32)
    found = candidate_pairs(keys, ranks, leaders, references)
    expected = with_references(values, leaders, references)
    assert [tuple(pair) for pair in found.tolist()] == expected


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=9)))
def test_merging_in_small_steps_changes_nothing(
    parts: list[list[tuple[int, int]]],
) -> None:
    arrays = [np.array(part, np.uint32).reshape(-1, 2) for part in parts]
    expected = sorted({pair for part in parts for pair in part})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("isinglass.transforms.dedup.candidates.MERGE_PAIRS", 3)
        stepwise = merge_pairs(arrays)
    assert [tuple(pair) for pair in stepwise.tolist()] == expected
    assert merge_pairs(arrays).tolist() == stepwise.tolist()


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 12))), st.integers(1, 4))
def test_counts_are_those_of_shared_keys(
    values: set[tuple[int, int]], buckets: int
) -> None:
    parts = []
    for bucket in range(buckets):
        own = [entry for entry in sorted(values) if entry[0] % buckets == bucket]
        keys = np.array([key for key, _ in own], np.uint64)
        ranks = np.array([rank for _, rank in own], np.uint32)
        parts.append(counted_pairs(keys, ranks))
    found = merge_counted(parts)
    expected = Counter(
        pair
        for key in {key for key, _ in values}
        for pair in combinations(sorted(r for k, r in values if k == key), 2)
    )
    assert [tuple(pair) for pair in found.pairs.tolist()] == sorted(expected)
    assert found.keys.tolist() == [expected[pair] for pair in sorted(expected)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("isinglass.transforms.dedup.candidates.MERGE_PAIRS", 2)
        assert merge_counted(parts).keys.tolist() == found.keys.tolist()


def test_a_pair_needs_a_share_of_the_keys_of_the_larger_rank() -> None:
    pairs = np.array([[0, 1], [0, 2], [1, 2], [0, 3]], np.uint32)
    found = CountedPairs(pairs, np.array([1, 2, 1, 1], np.uint32))
    totals = np.array([50, 5, 10, 6], np.uint32)
    assert found.at_least(0.2, totals).tolist() == [[0, 1], [0, 2]]

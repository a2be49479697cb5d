from __future__ import annotations

from math import isnan

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.keepers import (
    Similarity,
    keeper_ranks,
    resolve_near,
)

LENGTHS = np.array([10, 30, 30, 20], np.int64)
IDS = np.array([[0, 4], [2, 1], [1, 2**64 - 1], [0, 1]], np.uint64)
DATES = pa.array(["2024-01-02", None, "2023-12-31", "2024-01-02"])


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("longest", [3, 1, 0, 2]),
        ("first", [1, 2, 3, 0]),
        ("newest", [1, 3, 2, 0]),
    ],
)
def test_ranks_table(keep: str, expected: list[int]) -> None:
    order = np.array([5, 6, 7, 1], np.int64)
    ranks = keeper_ranks(LENGTHS, IDS, keep, DATES, order)
    assert ranks.dtype == np.uint32
    assert ranks.tolist() == expected


def test_equal_input_order_goes_by_doc_id() -> None:
    ranks = keeper_ranks(LENGTHS, IDS, "first", DATES, np.zeros(4, np.int64))
    assert ranks.tolist() == [1, 3, 2, 0]


def test_newest_without_any_date_is_longest() -> None:
    dates = pa.array([None] * 4, pa.string())
    newest = keeper_ranks(LENGTHS, IDS, "newest", dates, LENGTHS)
    assert newest.tolist() == [3, 1, 0, 2]


def test_no_documents() -> None:
    none = np.zeros(0, np.int64)
    ids = np.zeros((0, 2), np.uint64)
    dates = pa.array([], pa.string())
    for keep in ("longest", "first", "newest"):
        assert keeper_ranks(none, ids, keep, dates, none).shape == (0,)


documents = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 2**64 - 1),
        st.sampled_from([None, "2023", "2024-05-01", "2024-05-02"]),
        st.integers(0, 3),
    ),
    unique_by=lambda document: document[1],
    max_size=12,
)


@pytest.mark.parametrize("keep", ["longest", "first", "newest"])
@given(values=documents, random=st.randoms())
def test_ranks_equal_reference_and_move_with_the_documents(
    keep: str, values: list[tuple[int, int, str | None, int]], random: object
) -> None:
    random.shuffle(values)  # type: ignore[attr-defined]

    def preference(row: int) -> tuple[object, ...]:
        length, doc_id, date, order = values[row]
        if keep == "first":
            return order, doc_id
        if keep == "longest":
            return -length, doc_id
        digits = [-ord(c) for c in date or ""]
        return date is None, [*digits, 1], -length, doc_id

    ranks = keeper_ranks(
        np.array([value[0] for value in values], np.int64),
        np.array([(0, value[1]) for value in values], np.uint64).reshape(-1, 2),
        keep,
        pa.array([value[2] for value in values], pa.string()),
        np.array([value[3] for value in values], np.int64),
    )
    assert np.argsort(ranks).tolist() == sorted(range(len(values)), key=preference)


def resolve(
    pairs: dict[tuple[int, int], float], threshold: float, count: int
) -> tuple[list[int], list[float]]:
    found = resolve_near(
        np.array(list(pairs), np.uint32).reshape(-1, 2),
        Similarity(np.array(list(pairs.values()), np.float64)),
        DedupConfig(threshold=threshold),
        count,
    )
    assert found.kept.dtype == np.int64
    assert not found.contained.any()
    assert [isnan(x) for x in found.similarity] == [x < 0 for x in found.kept]
    return found.kept.tolist(), found.similarity.tolist()


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ({}, [-1, -1, -1]),
        ({(0, 1): 0.75}, [-1, 0, -1]),
        ({(0, 1): 0.7499}, [-1, -1, -1]),
        # A chain: 2 is like 1 only, and 1 went, so 2 stays.
        ({(0, 1): 0.8, (1, 2): 0.9}, [-1, 0, -1]),
        ({(1, 2): 0.9, (0, 2): 0.8, (0, 1): 0.8}, [-1, 0, 0]),
        # The most similar stayer is named; of equals the preferred one.
        ({(0, 2): 0.8, (1, 2): 0.9}, [-1, -1, 1]),
        ({(1, 2): 0.9, (0, 2): 0.9}, [-1, -1, 0]),
    ],
)
def test_resolve_table(
    pairs: dict[tuple[int, int], float], expected: list[int]
) -> None:
    kept, evidence = resolve(pairs, 0.75, 3)
    assert kept == expected
    for rank, keeper in enumerate(kept):
        assert keeper < 0 or evidence[rank] == pairs[keeper, rank]


similarities = st.sampled_from([0.5, 0.74, 0.75, 0.8, 0.9, 1.0])
couples = st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(
    lambda pair: pair[0] < pair[1]
)


@given(st.dictionaries(couples, similarities), st.randoms())
def test_resolve_equals_reference_in_any_order(
    pairs: dict[tuple[int, int], float], random: object
) -> None:
    stays: set[int] = set()
    expected = []
    for rank in range(12):
        evidence = [
            (pairs[other, rank], -other)
            for other in stays
            if pairs.get((other, rank), 0.0) >= 0.75
        ]
        expected.append(-max(evidence)[1] if evidence else -1)
        if not evidence:
            stays.add(rank)
    items = list(pairs.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    kept, similarity = resolve(dict(items), 0.75, 12)
    assert kept == expected
    # Whatever went has evidence: a verified pair with a document that stays.
    for rank, keeper in enumerate(kept):
        if keeper >= 0:
            assert kept[keeper] == -1
            assert similarity[rank] == pairs[keeper, rank] >= 0.75
        else:
            assert all(
                pairs.get((other, rank), 0.0) < 0.75 or kept[other] >= 0
                for other in range(rank)
            )


@pytest.mark.parametrize("pair", [(1, 0), (1, 1), (0, 3)])
def test_bad_pairs_are_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="smaller rank, larger rank"):
        resolve({pair: 1.0}, 0.75, 3)


# Pairs of (smaller rank, larger rank): Jaccard similarity, containment of the larger.
@pytest.mark.parametrize(
    ("pairs", "kept", "value", "contained"),
    [
        ({(0, 1): (0.3, 0.9)}, [-1, 0], 0.9, True),
        ({(0, 1): (0.3, 0.8999)}, [-1, -1], None, False),
        # Jaccard evidence is named before containment, however small.
        ({(0, 1): (0.75, 1.0)}, [-1, 0], 0.75, False),
        ({(0, 2): (0.3, 1.0), (1, 2): (0.75, 0.8)}, [-1, -1, 1], 0.75, False),
        ({(0, 2): (0.3, 0.9), (1, 2): (0.2, 0.95)}, [-1, -1, 1], 0.95, True),
        # Contained in one that went: stays.
        ({(0, 1): (0.8, 0.0), (1, 2): (0.2, 1.0)}, [-1, 0, -1], None, False),
    ],
)
def test_containment_table(
    pairs: dict[tuple[int, int], tuple[float, float]],
    kept: list[int],
    value: float | None,
    *,
    contained: bool,
) -> None:
    values = np.array(list(pairs.values()), np.float64)
    found = resolve_near(
        np.array(list(pairs), np.uint32),
        Similarity(values[:, 0], values[:, 1]),
        DedupConfig(threshold=0.75, containment=0.9),
        len(kept),
    )
    assert found.kept.tolist() == kept
    if value is not None:
        assert found.similarity[-1] == value
    assert found.contained[-1] == contained
    # Without containment only Jaccard counts.
    plain = resolve_near(
        np.array(list(pairs), np.uint32),
        Similarity(values[:, 0]),
        DedupConfig(threshold=0.75),
        len(kept),
    )
    assert not plain.contained.any()

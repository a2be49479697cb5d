from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.dedup.align import Stretch, align

KEYS = st.lists(st.integers(0, 5), max_size=30)


def keys(values: str | list[int]) -> np.ndarray:
    numbers = [ord(v) if isinstance(v, str) else v for v in values]
    return np.array(numbers, np.uint64)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("", "", []),
        ("ab", "", [((0, 2), (0, 0), False)]),
        ("", "ab", [((0, 0), (0, 2), False)]),
        ("abc", "abc", [((0, 3), (0, 3), True)]),
        ("abc", "xyz", [((0, 3), (0, 3), False)]),
        (
            "abxcd",
            "abycd",
            [((0, 2), (0, 2), True), ((2, 3), (2, 3), False), ((3, 5), (3, 5), True)],
        ),
        (
            "abcd",
            "ab12cd",
            [((0, 2), (0, 2), True), ((2, 2), (2, 4), False), ((2, 4), (4, 6), True)],
        ),
        # Repeats at the border must not be used twice.
        ("aa", "aaa", [((0, 2), (0, 2), True), ((2, 2), (2, 3), False)]),
    ],
)
def test_equal_parts_stand_opposite_each_other(
    left: str, right: str, expected: list[tuple[object, object, bool]]
) -> None:
    found = [(s.left, s.right, s.equal) for s in align(keys(left), keys(right))]
    assert found == expected


def check(left: np.ndarray, right: np.ndarray, found: list[Stretch]) -> None:
    at, to = 0, 0
    for index, stretch in enumerate(found):
        assert stretch.left[0] == at
        assert stretch.right[0] == to
        at, to = stretch.left[1], stretch.right[1]
        one, other = left[slice(*stretch.left)], right[slice(*stretch.right)]
        assert len(one) or len(other)
        if stretch.equal:
            assert one.tolist() == other.tolist()
        if index:
            assert stretch.equal != found[index - 1].equal
    assert (at, to) == (len(left), len(right))


@given(left=KEYS, right=KEYS)
def test_stretches_join_to_both_sequences(left: list[int], right: list[int]) -> None:
    check(keys(left), keys(right), align(keys(left), keys(right)))


@pytest.mark.parametrize("vocabulary", [2, 300, 100_000])
def test_long_sequences_with_few_changes_are_aligned(vocabulary: int) -> None:
    chance = random.Random(vocabulary)  # noqa: S311 - test data
    left = [chance.randrange(vocabulary) for _ in range(60_000)]
    right = list(left)
    for place in range(500, 60_000, 1_000):
        right[place] = vocabulary + place
    del right[30_000:30_040]
    found = align(keys(left), keys(right))
    check(keys(left), keys(right), found)
    equal = sum(s.left[1] - s.left[0] for s in found if s.equal)
    # All but the changed and the deleted units, or nearly: repeats may hide some.
    assert equal > 60_000 - 60 - 40 - 2_000


def test_a_sequence_of_one_repeated_key_takes_no_time() -> None:
    left, right = keys([7] * 100_000), keys([8, *[7] * 90_000, 9])
    check(left, right, align(left, right))


def test_moved_parts_lose_one_of_two_orders() -> None:
    one, other = list(range(2_000)), list(range(2_000, 4_000))
    left, right = keys(one + other), keys(other + one)
    found = align(left, right)
    check(left, right, found)
    assert sum(s.left[1] - s.left[0] for s in found if s.equal) == 2_000

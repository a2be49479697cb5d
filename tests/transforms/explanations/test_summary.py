from __future__ import annotations

import pytest

from isinglass.transforms.explanations.summary import (
    Mean,
    driving_words,
    mean,
    means_by,
)


def test_a_mean_has_a_normal_interval() -> None:
    found = mean([1.0, 2.0, 3.0])
    assert (found.value, found.count) == (2.0, 3)
    # 1.96 times the standard deviation 1 through the root of 3.
    assert (found.low, found.high) == pytest.approx((0.8684, 3.1316), abs=1e-4)
    assert mean([4.0]) == Mean(4.0, 1, None, None)


@pytest.mark.parametrize(
    ("one", "sure"),
    [
        (Mean(1.0, 5, 0.1, 1.9), True),
        (Mean(-1.0, 5, -1.9, -0.1), True),
        (Mean(1.0, 5, 0.0, 2.0), False),
        (Mean(1.0, 4, 0.1, 1.9), False),
        (Mean(1.0, 5, -0.1, 2.1), False),
        (Mean(1.0, 1, None, None), False),
    ],
)
def test_a_mean_is_sure_of_five_documents_and_without_zero(
    one: Mean,
    sure: bool,  # noqa: FBT001 - a case
) -> None:
    assert one.sure is sure


def test_several_values_of_a_document_are_one() -> None:
    rows = [("a", "x", 1.0), ("a", "x", 3.0), ("a", "y", 4.0), ("b", "y", 1.0)]
    found = means_by(rows)
    assert (found["a"].value, found["a"].count) == (3.0, 2)
    assert found["b"].count == 1


def test_rare_words_are_not_told() -> None:
    rows = [("often", d, 0.1) for d in "abc"] + [("rare", d, 9.0) for d in "ab"]
    rows += [("against", d, -0.2) for d in "abc"] + [("rare", "a", 9.0)]
    assert [word for word, _ in driving_words(rows, 5)] == ["against", "often"]
    assert [word for word, _ in driving_words(rows, 1)] == ["against"]

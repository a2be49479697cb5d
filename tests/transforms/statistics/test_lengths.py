from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.statistics.fold import (
    bin_middle,
    length_bins,
    quantile,
)


@pytest.mark.parametrize(
    ("length", "number", "middle"),
    [
        (0, 0, 0.0),
        (1, 1, 1.0),
        (63, 63, 63.0),
        (64, 64, 64.5),
        (65, 64, 64.5),
        (66, 65, 66.5),
        (127, 95, 126.5),
        (128, 96, 129.5),
        (2_000_000, 541, 2_015_231.5),
    ],
)
def test_bins(length: int, number: int, middle: float) -> None:
    assert length_bins(np.array([length])).tolist() == [number]
    assert bin_middle(number) == middle


@given(st.integers(0, 2**52))
def test_the_middle_of_a_bin_is_near(length: int) -> None:
    number = int(length_bins(np.array([length]))[0])
    assert abs(bin_middle(number) - length) <= length * 1 / 64
    if length < 64:
        assert bin_middle(number) == length


@given(st.lists(st.integers(0, 2**52), min_size=2))
def test_bins_keep_the_order(lengths: list[int]) -> None:
    bins = length_bins(np.array(sorted(lengths)))
    assert (np.diff(bins) >= 0).all()


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=200),
    st.sampled_from([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0]),
)
def test_quantiles_are_within_the_stated_error(
    lengths: list[int], share: float
) -> None:
    bins = length_bins(np.array(lengths)).tolist()
    histogram = Counter(str(number) for number in bins)
    exact = np.quantile(np.array(lengths), share, method="inverted_cdf")
    found = quantile(histogram, share)
    assert found == pytest.approx(exact, rel=1 / 64, abs=0)


def test_no_quantile_of_nothing() -> None:
    with pytest.raises(ValueError, match="empty histogram"):
        quantile({}, 0.5)

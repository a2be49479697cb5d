"""Pooled ratios against what is worked out by hand and against other formulas."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.retention.ratios import pooled_ratios
from isinglass.transforms.statistics.intervals import corrected_ratio, share_ratio

STRATUM = st.tuples(
    st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40)
)


def pooled(
    strata: list[tuple[int, int, int, int]],
) -> tuple[float, float, float]:
    """Of strata of cases and individuals, of a group and of the others."""
    a, n, b, m = (np.array([[s[k] for s in strata]], np.int64) for k in range(4))
    found = pooled_ratios((a, n), (b, m))
    return float(found.value[0]), float(found.low[0]), float(found.high[0])


def test_two_strata_by_hand() -> None:
    # 10 of 40 against 5 of 60, and 20 of 30 against 30 of 70.
    ratio, low, high = pooled([(10, 40, 5, 60), (20, 30, 30, 70)])
    above = 10 * 60 / 100 + 20 * 70 / 100
    below = 5 * 40 / 100 + 30 * 30 / 100
    assert ratio == pytest.approx(above / below) == pytest.approx(20 / 11)
    first = (40 * 60 * 15 - 10 * 5 * 100) / 100**2
    second = (30 * 70 * 50 - 20 * 30 * 100) / 100**2
    error = sqrt((first + second) / (above * below))
    assert (first, second) == pytest.approx((3.1, 4.5))
    assert low == pytest.approx(exp(log(20 / 11) - 1.959963985 * error))
    assert high == pytest.approx(exp(log(20 / 11) + 1.959963985 * error))


def test_strata_of_one_ratio_pool_to_it() -> None:
    assert pooled([(20, 100, 10, 100), (8, 10, 4, 10), (3, 30, 2, 40)])[0] == (
        pytest.approx(2.0)
    )


@given(STRATUM)
def test_one_stratum_is_the_plain_ratio(stratum: tuple[int, int, int, int]) -> None:
    a, more, b, others = stratum
    n, m = a + more, b + others
    plain = share_ratio((a, n), (b, m))
    if a and m and not b:
        plain = corrected_ratio((a, n), (b, m))
    found = pooled([(a, n, b, m)])
    if plain is None:
        assert np.isnan(found).all()
    else:
        assert found == pytest.approx(plain)


@given(st.lists(STRATUM, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_order_and_empty_strata_change_nothing(
    strata: list[tuple[int, int, int, int]], random: object
) -> None:
    whole = [(a, a + n, b, b + m) for a, n, b, m in strata]
    shuffled = [*whole, (0, 0, 0, 0), (0, 0, 3, 9), (2, 7, 0, 0)]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert pooled(shuffled) == pytest.approx(pooled(whole), nan_ok=True)


def test_large_counts_do_not_overflow() -> None:
    many = 10**8
    ratio, low, high = pooled([(2 * many // 10, many, many, 10 * many)] * 10)
    assert ratio == pytest.approx(2.0)
    assert 1.999 < low < 2.0 < high < 2.001

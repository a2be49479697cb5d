from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk

from isinglass.transforms.statistics.intervals import share_ratio, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 1 - 0.1170, 1.0),
    ],
)
def test_published_values(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5.1e-5)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_equals_scipy(successes: int, more: int) -> None:
    trials = successes + more
    interval = binomtest(successes, trials).proportion_ci(method="wilson")
    assert wilson(successes, trials) == pytest.approx(tuple(interval), abs=1e-12)


def test_edges() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 5)[1] == 1.0
    assert wilson(0, 5)[0] == 0.0
    with pytest.raises(ValueError, match="6 successes in 5 trials"):
        wilson(6, 5)


def test_share_ratio_equals_scipy() -> None:
    expected = relative_risk(40, 200, 60, 800)
    interval = expected.confidence_interval(0.95)
    found = share_ratio((40, 200), (60, 800))
    assert found == pytest.approx((expected.relative_risk, *interval))


@pytest.mark.parametrize("pair", [((0, 5), (1, 5)), ((1, 5), (0, 5)), ((1, 5), (0, 0))])
def test_share_ratio_is_undefined_without_counts(
    pair: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    assert share_ratio(*pair) is None

"""Confidence intervals of shares and of ratios of shares."""

from __future__ import annotations

from math import exp, log, sqrt

FEW = 30
"""Cases of a group below which nothing is said of a share: too few to say."""

NORMAL_QUANTILE = 1.959963984540054
"""Two-sided 95 % quantile of the standard normal distribution."""


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """Return the Wilson score interval, 95 %, of a share (Wilson 1927, JASA 22:209).

    Of no trials nothing is known, which is (0, 1).
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials; want 0 to all")
    if trials == 0:
        return 0.0, 1.0
    share, z = successes / trials, NORMAL_QUANTILE
    scale = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / scale
    spread = sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    half = z * spread / scale
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


def share_ratio(
    first: tuple[int, int], second: tuple[int, int]
) -> tuple[float, float, float] | None:
    """Return the ratio of two shares with its 95 % log interval (Katz et al. 1978).

    Each is successes and trials, of other individuals. None where a count of 0 leaves
    the interval undefined.
    """
    if 0 in (*first, *second):
        return None
    return _log_interval(first, second)


def _log_interval(
    first: tuple[float, float], second: tuple[float, float]
) -> tuple[float, float, float]:
    (a, n), (b, m) = first, second
    ratio = (a / n) / (b / m)
    error = sqrt(max(0.0, 1 / a - 1 / n + 1 / b - 1 / m))
    return (
        ratio,
        exp(log(ratio) - NORMAL_QUANTILE * error),
        exp(log(ratio) + NORMAL_QUANTILE * error),
    )


def corrected_ratio(
    first: tuple[int, int], second: tuple[int, int]
) -> tuple[float, float, float]:
    """Return what `share_ratio` does, also where the second has no successes.

    Half a success and half a trial are added on either side (Walter 1975, Biometrika
    62:371), for any counts.
    """
    (a, n), (b, m) = ((some + 0.5, every + 0.5) for some, every in (first, second))
    return _log_interval((a, n), (b, m))

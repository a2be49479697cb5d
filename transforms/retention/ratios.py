"""Ratios of risks: pooled over classes of documents, and of means; with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from isinglass.schemas.arrays import Floats, Integers
from isinglass.transforms.statistics.intervals import NORMAL_QUANTILE

if TYPE_CHECKING:
    from isinglass.transforms.retention.tally import Moments

Counts = tuple[Integers, Integers]
"""Cases and individuals, (g, classes) each."""


class Ratios(NamedTuple):
    """Ratios and the ends of their 95 % intervals, (g,) each; NaN where undefined."""

    value: Floats
    low: Floats
    high: Floats


def pooled_ratios(first: Counts, second: Counts) -> Ratios:
    """Risk ratios of Mantel and Haenszel, pooled over classes: one that all share.

    The interval is a log interval with the variance of Greenland and Robins (1985,
    Biometrics 41:55). Classes that hold only one of the two say nothing. If the second
    has no case in the others, half a case and half an individual are added on either
    side, spread over the classes by their weight: of one class that is what
    `corrected_ratio` gives. There is no ratio if the first has none there.
    """
    # Products of three counts are too large for integers.
    a, n, b, m = (part.astype(np.float64) for part in (*first, *second))
    weight = n * m / np.maximum(n + m, 1.0)
    some, others, whole = (
        part.sum(axis=-1, keepdims=True)
        for part in (a * (weight > 0), b * (weight > 0), weight)
    )
    alone = (some > 0) & (others == 0)
    half = np.where(alone, weight, 0.0) / np.maximum(2.0 * whole, 1.0)
    a, n, b, m = (part + half for part in (a, n, b, m))
    every = np.maximum(n + m, 1.0)
    above, below = (a * m / every).sum(axis=-1), (b * n / every).sum(axis=-1)
    spread = ((n * m * (a + b) - a * b * every) / every**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = above / below
        error = np.sqrt(np.maximum(spread, 0.0) / (above * below))
    return _log_interval(ratio, error)


def mean_ratios(sums: Moments) -> Ratios:
    """Means with each group over means without it; log interval by the delta method.

    There is none where one mean is 0, or is of fewer than two documents.
    """
    first, rest = mean_errors(sums.groups), mean_errors(_without(sums))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = first[0] / rest[0]
        error = np.hypot(*(spread / mean for mean, spread in (first, rest)))
    return _log_interval(ratio, error)


def mean_errors(sums: Floats) -> tuple[Floats, Floats]:
    """Means and their standard errors, of `[documents, sum, sum of squares]`."""
    count, total, squares = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / count
        variance = np.maximum(squares - total * mean, 0.0) / (count - 1)
        return mean, np.sqrt(variance / count)


def mean_intervals(sums: Floats) -> Ratios:
    """Means with normal 95 % intervals, none below 0."""
    mean, error = mean_errors(sums)
    return Ratios(
        mean,
        np.maximum(mean - NORMAL_QUANTILE * error, 0.0),
        mean + NORMAL_QUANTILE * error,
    )


def _without(sums: Moments) -> Floats:
    """Sums over the documents that could mention each group, and do not."""
    return np.asarray(sums.around - sums.groups)


def _log_interval(ratio: Floats, error: Floats) -> Ratios:
    known = np.isfinite(ratio) & (ratio > 0) & np.isfinite(error)
    value, spread = np.where(known, ratio, np.nan), np.where(known, error, np.nan)
    low, high = (value * np.exp(sign * NORMAL_QUANTILE * spread) for sign in (-1, 1))
    return Ratios(value, low, high)

"""How often chance alone gives so large a difference: permutation tests.

Source of the count that adds one: Phipson and Smyth, Permutation p-values should never
be zero (2010).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from isinglass.transforms.associations.effect import Doubles

_CHUNK = 2**20
"""Numbers that are held at a time while partitions are gone through."""

_TIE = 1e-10
"""Sums that differ by less than this share of all absolute values are equal."""

SPREAD = (0.025, 0.975)


@dataclass(frozen=True)
class PermutationTest:
    """How a difference of two sets stands among those of all partitions of both.

    Attributes:
        p: Share of partitions that give at least as much as was observed; what was
            observed is one of them, so it is never 0, and equal ones count against it.
        p_two_sided: The same of the difference without its sign.
        partitions: Gone through if `exact`, else drawn.
        greater: Partitions that give more; ties are not in it.
        low: Lower end of the middle 95 % of effect sizes that chance gives.
    """

    p: float
    p_two_sided: float
    partitions: int
    greater: int
    exact: bool
    low: float
    high: float


def permutation_test(
    values: Doubles, first: int, most: int, key: int
) -> PermutationTest:
    """Test that it does not matter which of two sets a value is in.

    The sets keep their sizes, which need not be equal. If there are at most `most`
    partitions each is gone through, else `most` are drawn.

    Args:
        values: Of both sets, shape (n,), not all equal.
        first: How many, at the begin, are of the first set; 0 < first < n.
        most: Partitions that are gone through or drawn.
        key: Of the draw; equal keys draw equal partitions.
    """
    exact = comb(len(values), first) <= most
    parts = _every_sum(values, first) if exact else _drawn(values, first, most, key)
    sums = np.concatenate(list(parts))
    second, tie = len(values) - first, _TIE * np.abs(values).sum()
    observed = values[:first].sum()
    # The difference of the means grows with the sum of the first set alone.
    scale, shift = 1 / first + 1 / second, values.sum() / second
    differences = scale * sums - shift
    size = abs(scale * observed - shift)
    at_least = int((sums >= observed - tie).sum())
    two_sided = int((np.abs(differences) >= size - scale * tie).sum())
    more = 0 if exact else 1
    spread = np.quantile(differences / values.std(ddof=1), SPREAD)
    return PermutationTest(
        p=(at_least + more) / (len(sums) + more),
        p_two_sided=(two_sided + more) / (len(sums) + more),
        partitions=len(sums),
        greater=int((sums > observed + tie).sum()),
        exact=exact,
        low=float(spread[0]),
        high=float(spread[1]),
    )


def _every_sum(values: Doubles, size: int) -> Iterator[Doubles]:
    """Sum of every subset of a size, chunk by chunk.

    Subsets have numbers: that of c_1 < ... < c_k is the sum of comb(c_i, i), and the
    members are found from the number, the largest first.
    """
    small = min(size, len(values) - size)
    tables = [
        np.array([comb(place, k) for place in range(len(values) + 1)], np.int64)
        for k in range(small + 1)
    ]
    total = comb(len(values), small)
    for start in range(0, total, _CHUNK):
        left = np.arange(start, min(start + _CHUNK, total), dtype=np.int64)
        sums = np.zeros(len(left))
        for k in range(small, 0, -1):
            member = np.searchsorted(tables[k], left, side="right") - 1
            left -= tables[k][member]
            sums += values[member]
        yield sums if small == size else values.sum() - sums


def _drawn(values: Doubles, size: int, count: int, key: int) -> Iterator[Doubles]:
    """Sums of subsets of a size that are drawn, chunk by chunk."""
    generator = np.random.Generator(np.random.Philox(key=key))
    rows = max(1, _CHUNK // len(values))
    for start in range(0, count, rows):
        every = np.tile(values, (min(rows, count - start), 1))
        yield generator.permuted(every, axis=1)[:, :size].sum(axis=1)


def holm(p_values: NDArray[np.float64]) -> Doubles:
    """Probabilities corrected for how many tests there are, in their order.

    Source: Holm, A simple sequentially rejective multiple test procedure (1979).
    """
    order = np.argsort(p_values, kind="stable")
    count = len(p_values)
    stepped = p_values[order] * np.arange(count, 0, -1)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted

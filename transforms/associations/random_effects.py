"""One effect from many: sets of vectors that are drawn, and random effects over them.

Sources: Guo and Caliskan, Detecting emergent intersectional biases (AIES 2021), the
Contextualized Embedding Association Test; DerSimonian and Laird, Meta-analysis in
clinical trials (1986); for the variance of one standardised difference Hedges and
Olkin, Statistical methods for meta-analysis (1985), chapter 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.associations.effect import (
    associations,
    effect_size,
    unit,
)
from isinglass.transforms.associations.permutation import SPREAD

if TYPE_CHECKING:
    from isinglass.transforms.associations.effect import Doubles

Contexts = Sequence[NDArray[np.float32]]
"""Vectors of each word of a set in its sentences, (sentences, width) a word."""

_CHUNK = 2**22
"""Numbers that are held at a time while sets are drawn."""

_NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Combined:
    """An effect over many sets.

    Attributes:
        p: Two-sided: that the mean over all sets is 0.
        low: Lower end of the 95 % interval of that mean.
        spread: Ends of the middle 95 % of the effects of single sets.
    """

    effect_size: float
    p: float
    low: float
    high: float
    spread: tuple[float, float]
    tau_squared: float


def drawn_effects(sets: Sequence[Contexts], count: int, key: int) -> Doubles:
    """Effect sizes of sets in each of which every word has one of its vectors.

    Args:
        sets: Two of targets, two of attributes; no vector is of zeros.
        count: How many are drawn.
        key: Of the draw; equal keys draw equal sets.

    Returns:
        Shape (count,); not a number for a set without any difference.
    """
    generator = np.random.Generator(np.random.Philox(key=key))
    sizes = [np.array([len(word) for word in one]) for one in sets]
    starts = [np.cumsum(size) - size for size in sizes]
    flat = [unit(np.concatenate(one)).astype(np.float32) for one in sets]
    words = sum(len(one) for one in sets)
    rows = max(1, _CHUNK // (words * flat[0].shape[1]))
    made = []
    for start in range(0, count, rows):
        shape = min(rows, count - start)
        chosen = []
        for vectors, size, begin in zip(flat, sizes, starts, strict=True):
            draw = generator.random((shape, len(size)))
            chosen.append(vectors[begin + (draw * size).astype(np.int64)])
        targets = np.concatenate(chosen[:2], axis=1)
        values = associations(targets, chosen[2], chosen[3]).astype(np.float64)
        made.append(effect_size(values, len(sizes[0])))
    return np.concatenate(made)


def combined(effects: Doubles, first: int, second: int) -> Combined:
    """Combine effects of sets that have so many targets, (n,), all finite."""
    variances = (first + second) / (first * second) + effects**2 / (
        2 * (first + second)
    )
    weights = 1 / variances
    mean = (weights * effects).sum() / weights.sum()
    heterogeneity = (weights * (effects - mean) ** 2).sum()
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    tau_squared = max(0.0, (heterogeneity - (len(effects) - 1)) / scale)
    weights = 1 / (variances + tau_squared)
    effect = float((weights * effects).sum() / weights.sum())
    error = 1 / sqrt(weights.sum())
    low, high = np.quantile(effects, SPREAD)
    return Combined(
        effect_size=effect,
        p=erfc(abs(effect) / error / sqrt(2)),
        low=effect - _NORMAL_95 * error,
        high=effect + _NORMAL_95 * error,
        spread=(float(low), float(high)),
        tau_squared=float(tau_squared),
    )

"""Means over documents, each with its count and interval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from isinglass.transforms.statistics.intervals import NORMAL_QUANTILE

LEAST_DOCUMENTS = 3
"""Documents of which a word is one before it is told: rarer ones may be names."""

LEAST_SURE = 5
"""Documents below which a mean is no finding."""


@dataclass(frozen=True)
class Mean:
    """A mean over `count` documents, and its 95 % interval; none of a single one."""

    value: float
    count: int
    low: float | None
    high: float | None

    @property
    def sure(self) -> bool:
        """Whether it is of enough documents, and 0 lies outside of its interval."""
        known = self.count >= LEAST_SURE and self.low is not None
        return known and not (self.low or 0.0) <= 0.0 <= (self.high or 0.0)


def mean(values: Sequence[float]) -> Mean:
    """The mean of at least one value, with a normal interval."""
    found, count = float(np.mean(values)), len(values)
    if count == 1:
        return Mean(found, 1, None, None)
    half = NORMAL_QUANTILE * float(np.std(values, ddof=1)) / sqrt(count)
    return Mean(found, count, found - half, found + half)


def means_by(
    rows: Iterable[tuple[Any, str, float]],
) -> dict[Any, Mean]:
    """Means by key of (key, document, value), over documents.

    Several values of a document are one, their mean: they go together.
    """
    held: defaultdict[Any, defaultdict[str, list[float]]]
    held = defaultdict(lambda: defaultdict(list))
    for key, document, value in rows:
        held[key][document].append(value)
    return {
        key: mean([float(np.mean(own)) for own in by.values()])
        for key, by in sorted(held.items())
    }


def driving_words(
    rows: Iterable[tuple[str, str, float]], most: int
) -> list[tuple[str, Mean]]:
    """Words that add most, of either sign, of (word, document, added).

    Only those of `LEAST_DOCUMENTS` documents or more are told.
    """
    found = [
        (word, one)
        for word, one in means_by(rows).items()
        if one.count >= LEAST_DOCUMENTS
    ]
    return sorted(found, key=lambda pair: (-abs(pair[1].value), pair[0]))[:most]

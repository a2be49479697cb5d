"""From sampled documents to the share of repeated characters, with its error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.repeats.windows import KINDS
from isinglass.transforms.statistics.characteristics import statistic
from isinglass.transforms.statistics.intervals import wilson
from isinglass.transforms.statistics.sums import OTHER, Slices, capped_slices

SHARE = "repeats.share"
SAMPLED = "repeats.sampled"


class Estimate(NamedTuple):
    """A ratio, 0 to 1, with its 95 % interval."""

    value: float
    low: float
    high: float


class Sample(NamedTuple):
    """Sampled documents of input or output, and the documents they stand for.

    Attributes:
        sources: str objects (n,), source of each sampled document; "" where unknown.
        characters: int64 (n,).
        repeated: int64 (n, 3), of these in repeats, as in `KINDS`.
        population: Documents by source, the sampled ones included.
    """

    sources: NDArray[np.object_]
    characters: Integers
    repeated: Integers
    population: Mapping[str, int]


def estimate_ratio(
    parts: Integers, wholes: Integers, population: int
) -> Estimate | None:
    """Estimate sum(parts) / sum(wholes) of a population from a random sample of it.

    The variance is that of the linearised ratio with the finite population
    correction (Cochran, Sampling Techniques, 3rd edition, 1977, section 6.3). It comes
    out too small where few documents hold most of the parts and the sample missed
    them. So the interval is not the symmetric one, but Wilson's at the effective
    sample size that this variance implies (Korn and Graubard, Survey Methodology 24,
    1998), and never at a larger one than unequal wholes leave (Kish, Survey Sampling,
    1965, section 11.7). Of 1,000 samples of 1,000 documents of a corpus whose shares
    are 2 %, 14 % and 15 %, it covered the true share in 97 to 98 %; the symmetric
    interval in 60 to 89 %.

    `parts` (n,) are 0 to `wholes` (n,). None where the sample holds nothing to divide
    by.

    Raises:
        ValueError: The sample is larger than the population.
    """
    sampled = len(parts)
    if sampled > population:
        raise ValueError(f"{sampled} documents sampled from {population}")
    part, whole = int(parts.sum()), int(wholes.sum())
    if whole == 0:
        return None
    value = part / whole
    unseen = 1.0 - sampled / population
    if unseen == 0.0:
        return Estimate(value, value, value)
    if sampled == 1:
        return Estimate(value, 0.0, 1.0)
    weights = wholes.astype(np.float64)
    effective = weights.sum() ** 2 / (weights**2).sum() / unseen
    residuals = parts - value * weights
    variance = unseen * sampled / (sampled - 1) * float((residuals**2).sum()) / whole**2
    if variance > 0.0:
        effective = min(effective, value * (1.0 - value) / variance)
    return Estimate(value, *wilson(value * effective, effective))


def repeat_rows(sample: Sample, when: str) -> list[Statistic]:
    """Shares of repeated characters, overall and by source.

    `position` is the kind of repeat. `numerator` and `denominator` are characters of
    the sampled documents, and in `repeats.sampled` documents. Sources beyond the most
    frequent ones are one slice.
    """
    rows: list[Statistic] = []
    for columns, chosen, population in _slices(sample):
        sampled = int(chosen.sum())
        if population == 0:
            continue
        counts = {"numerator": sampled, "denominator": population}
        share, unit = sampled / population, "share of documents"
        rows.append(statistic(SAMPLED, share, unit, when, **counts, **columns))
        wholes = sample.characters[chosen]
        for parts, kind in zip(sample.repeated[chosen].T, KINDS, strict=True):
            found = estimate_ratio(parts, wholes, population)
            if found is None:
                continue
            sums = {"numerator": int(parts.sum()), "denominator": int(wholes.sum())}
            told = columns | sums | {"position": kind}
            told |= {"low": found.low, "high": found.high}
            unit = "share of characters"
            rows.append(statistic(SHARE, found.value, unit, when, **told))
    return rows


def _slices(sample: Sample) -> Iterator[tuple[Slices, Flags, int]]:
    """Slice columns, the sampled documents of the slice, and how many it has."""
    population = sample.population
    everything = np.ones(len(sample.characters), np.bool_)
    yield {}, everything, sum(population.values())
    cells = {name: {"documents": count} for name, count in population.items()}
    shown = capped_slices(cells)
    own = [name for name, _ in shown if name != OTHER]
    for name, cell in shown:
        if name == OTHER:
            chosen = ~np.isin(sample.sources, own)
        else:
            chosen = sample.sources == name
        yield {"source": name}, chosen, cell["documents"]

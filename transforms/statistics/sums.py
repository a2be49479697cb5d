"""Accumulators: nested dicts of integers, which add up in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers

Accumulator = dict[Any, Any]
"""Dicts of dicts ... of int; JSON holds it as it is if keys are text."""

Slices = dict[str, Any]
"""Slice columns of a statistic, by name; values are text."""

MAX_SLICES = 200
OTHER = "(other)"
"""Label of all slices beyond the most frequent `MAX_SLICES`, added up."""


def add_into(total: Accumulator, part: Mapping[str, Any]) -> None:
    """Add `part` to `total` in place, which costs only what `part` holds."""
    for key, value in part.items():
        if isinstance(value, dict):
            add_into(total.setdefault(key, {}), value)
        else:
            total[key] = total.get(key, 0) + value


def capped_slices(slices: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the slices with most documents by name, and the rest as one at the end.

    Ties are broken by name. A slice that happens to be called like the rest is
    added to it, so that no name occurs twice.
    """
    names = sorted(slices, key=lambda name: (-slices[name]["documents"], name))
    if len(names) <= MAX_SLICES:
        return [(name, slices[name]) for name in sorted(names)]
    rest: Accumulator = {}
    for name in {*names[MAX_SLICES:], *({OTHER} & set(names))}:
        add_into(rest, slices[name])
    shown = [name for name in sorted(names[:MAX_SLICES]) if name != OTHER]
    return [*((name, slices[name]) for name in shown), (OTHER, rest)]


def each_slice(accumulator: Accumulator) -> Iterator[tuple[Slices, Any]]:
    """Yield everything, each source and each language, with its slice columns."""
    yield {}, accumulator["all"]
    for column in ("source", "language"):
        for name, cell in capped_slices(accumulator[column]):
            yield {column: name}, cell


def sliced(
    sources: pa.StringArray,
    languages: pa.StringArray,
    fold: Callable[[Integers, int], list[Any]],
) -> Accumulator:
    """Fold a batch over everything, by source and by language.

    A null counts as the empty name. `fold` makes, of a label below `count` for each
    document, and `count`, one cell a label.
    """
    everything = np.zeros(len(sources), np.int64)
    part: Accumulator = {"all": fold(everything, 1)[0]}
    for column, names in (("source", sources), ("language", languages)):
        encoded = pc.fill_null(names, "").dictionary_encode()
        labels = encoded.dictionary.to_pylist()
        codes = encoded.indices.to_numpy().astype(np.int64)
        part[column] = dict(zip(labels, fold(codes, len(labels)), strict=True))
    return part


def sums_by_label(labels: Integers, count: int, values: NDArray[Any]) -> list[int]:
    """Return the exact sum of `values`, integers or truth values, of each label."""
    sums = np.zeros(count, np.int64)
    np.add.at(sums, labels, values)
    found: list[int] = sums.tolist()
    return found


def histograms_by_label(
    labels: Integers, count: int, bins: Integers
) -> list[dict[str, int]]:
    """Return how often each bin occurs, for each label."""
    histograms: list[Counter[str]] = [Counter() for _ in range(count)]
    width = int(bins.max(initial=0)) + 1
    pairs, times = np.unique(labels * width + bins, return_counts=True)
    for pair, occurrences in zip(pairs.tolist(), times.tolist(), strict=True):
        histograms[pair // width][str(pair % width)] = occurrences
    return [dict(histogram) for histogram in histograms]

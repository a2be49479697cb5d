"""Statistics of texts, from sums that add up over batches and shards in any order.

Sums are nested dicts of integers (`sums.Accumulator`). Source and language names are
data: any string is a name. A missing name counts under the empty name.

Lengths are counted in fixed logarithmic bins. They are exact up to 63; above that each
doubling is cut into 32 bins, so that a bin is at most 1/32 of its lower end wide, and
its middle at most 1/64 (1.6 %) off any value in it. Bins never depend on the data:
histograms of any parts add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from math import ceil
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.arrays import Integers
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.language import UNSPACED_LANGUAGES, primary_language
from isinglass.transforms.statistics.characteristics import share, statistic
from isinglass.transforms.statistics.sums import (
    Accumulator,
    Slices,
    each_slice,
    histograms_by_label,
    sliced,
    sums_by_label,
)
from isinglass.transforms.units import unit_counts

QUANTILES = ("0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99")
_UNITS = ("characters", "words")
_BITS = 5
_PARTS = 1 << _BITS


class TextGatherer:
    """Gathers documents, characters and words of batches, and adds them up once.

    Adding up costs as much for a batch as for a shard; lengths and labels take about 50
    bytes a document until then.
    """

    def __init__(self) -> None:
        none, unnamed = np.empty(0, np.int64), pa.array([], pa.string())
        self._parts: list[tuple[Any, ...]] = [(none, none, unnamed, unnamed)]

    def add(
        self, texts: pa.StringArray, sources: pa.StringArray, languages: pa.StringArray
    ) -> None:
        """Add a batch of texts without nulls; see `add_lengths`."""
        characters = pc.utf8_length(texts).to_numpy().astype(np.int64)
        self.add_lengths(characters, unit_counts(texts)[:, 0], sources, languages)

    def add_lengths(
        self,
        characters: Integers,
        words: Integers,
        sources: pa.StringArray,
        languages: pa.StringArray,
    ) -> None:
        """Add texts (n,) by code points and `units.unit_counts`; labels may be null."""
        labels = (sources.cast(pa.string()), languages.cast(pa.string()))
        self._parts.append((characters, words, *labels))

    def finish(self) -> Accumulator:
        """The sums of all batches, overall, by source and by language."""
        characters, words, sources, languages = zip(*self._parts, strict=True)
        lengths = dict(
            zip(_UNITS, map(np.concatenate, (characters, words)), strict=True)
        )
        return sliced(
            pa.concat_arrays(sources),
            pa.concat_arrays(languages),
            partial(_cells, lengths),
        )


def _cells(lengths: dict[str, Integers], labels: Integers, count: int) -> list[Any]:
    documents = sums_by_label(labels, count, np.ones(len(labels), np.int64))
    cells: list[dict[str, Any]] = [{"documents": number} for number in documents]
    for unit, values in lengths.items():
        sums = sums_by_label(labels, count, values)
        histograms = histograms_by_label(labels, count, length_bins(values))
        for cell, value, histogram in zip(cells, sums, histograms, strict=True):
            cell[unit] = value
            cell[f"{unit}_histogram"] = histogram
    return cells


def text_statistics(sums: Accumulator, when: str) -> list[Statistic]:
    """Documents, characters, words and their lengths, by the sums of a whole run.

    `documents.share` is of all documents. `length.quantile` is off by at most 1/64 of
    itself; its position is the share of documents that are not longer.
    """
    total = sums["all"]["documents"]
    found: list[Statistic] = []
    for columns, cell in each_slice(sums):
        found += (
            statistic(metric, cell[metric], unit_of(metric, columns), when, **columns)
            for metric in ("documents", *_UNITS)
        )
        if cell["documents"]:
            found += (
                row for unit in _UNITS for row in _lengths(cell, columns, unit, when)
            )
        if columns:
            counts = (cell["documents"], total)
            found.append(share("documents.share", counts, when, **columns))
    return found


def unit_of(metric: str, columns: Slices) -> str:
    """What a count is of: words of a language without spaces are its characters."""
    language = primary_language(columns.get("language") or "")
    unspaced = metric == "words" and language in UNSPACED_LANGUAGES
    return "characters" if unspaced else metric


def retention_statistics(before: Accumulator, after: Accumulator) -> list[Statistic]:
    """Share of the documents that stay: of all, of each source and of each language.

    It is exact for the slices that have most documents before.
    """
    both: Accumulator = {"all": _stay(before["all"], after["all"])}
    for column in ("source", "language"):
        left = after[column]
        both[column] = {
            name: _stay(cell, left.get(name)) for name, cell in before[column].items()
        }
    return [
        share(
            "documents.retention", (cell["kept"], cell["documents"]), "run", **columns
        )
        for columns, cell in each_slice(both)
        if cell["documents"]
    ]


def _stay(before: Any, after: Any) -> Accumulator:
    kept = after["documents"] if after else 0
    return {"documents": before["documents"], "kept": kept}


def words_by_source(
    statistics: Iterable[Statistic], when: str
) -> dict[str | None, float]:
    """Words by source, and of all texts under None."""
    return {
        row.source: row.value
        for row in statistics
        if row.metric == "words" and row.when == when and row.language is None
    }


def _lengths(cell: Any, columns: Slices, unit: str, when: str) -> list[Statistic]:
    documents = cell["documents"]
    mean = statistic(
        "length.mean",
        cell[unit] / documents,
        unit,
        when,
        numerator=cell[unit],
        denominator=documents,
        **columns,
    )
    histogram = cell[f"{unit}_histogram"]
    quantiles = [
        statistic(
            "length.quantile",
            quantile(histogram, float(position)),
            unit,
            when,
            position=position,
            **columns,
        )
        for position in QUANTILES
    ]
    return [mean, *quantiles]


def length_bins(lengths: Integers) -> Integers:
    """Return the bin of each length (0 or more, below 2^53)."""
    octave = np.frexp(np.maximum(lengths, 1).astype(np.float64))[1] - 1
    shift = np.maximum(octave - _BITS, 0).astype(np.int64)
    return np.asarray(shift * _PARTS + (lengths >> shift))


def bin_middle(number: int) -> float:
    """Return the middle of the lengths that fall into a bin."""
    shift = max(number // _PARTS - 1, 0)
    low = (number - shift * _PARTS) << shift
    return low + ((1 << shift) - 1) / 2


def quantile(histogram: Mapping[str, int], share: float) -> float:
    """The length that `share` (above 0, at most 1) of the documents do not exceed.

    Of bins by number as text it is the middle of the one that holds the
    ceil(share * n)-th smallest length; off by at most 1/64 of it, and exact below 64.
    """
    total = sum(histogram.values())
    if total == 0:
        raise ValueError("an empty histogram has no quantiles")
    rank = max(1, ceil(share * total - 1e-9))
    seen = 0
    for number in sorted(map(int, histogram)):
        seen += histogram[str(number)]
        if seen >= rank:
            return bin_middle(number)
    raise ValueError("the histogram holds a negative count")

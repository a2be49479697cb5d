"""Folds over documents: create, add, merge, finish.

Accumulators are nested dicts of integers (`sums.Accumulator`): JSON holds them, and
merging is addition, so that any order and grouping of documents gives the same.
Source and language names are data: any string is a name. A missing name counts under
the empty name.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.statistic import Statistic
from isinglass.transforms.statistics.characteristics import CHARACTERISTICS
from isinglass.transforms.statistics.intervals import wilson
from isinglass.transforms.statistics.lengths import length_bins, quantile
from isinglass.transforms.statistics.sums import (
    Accumulator,
    Slices,
    add_into,
    add_sums,
    each_slice,
    histograms_by_label,
    sliced,
    sums_by_label,
)
from isinglass.transforms.text import word_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUANTILES = ("0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99")
_UNITS = ("characters", "words")


class TextFold:
    """Documents, characters, words and their lengths, overall, by source, language."""

    def create(self) -> Accumulator:
        """Return the accumulator of no documents."""
        return {
            "all": {"documents": 0, "characters": 0, "words": 0},
            "source": {},
            "language": {},
        }

    def add(
        self,
        accumulator: Accumulator,
        texts: pa.StringArray,
        sources: pa.StringArray,
        languages: pa.StringArray,
    ) -> Accumulator:
        """Add a batch; changes and returns `accumulator`.

        Args:
            accumulator: From `create`, `add` or `merge`.
            texts: Without nulls.
            sources: As many; null where unknown.
            languages: As many; null where unknown.
        """
        gathered = TextGatherer()
        gathered.add(texts, sources, languages)
        add_into(accumulator, gathered.finish())
        return accumulator

    def merge(self, first: Accumulator, second: Accumulator) -> Accumulator:
        """Return the accumulator of both; changes neither."""
        return add_sums(first, second)

    def finish(self, accumulator: Accumulator, stage: str) -> list[Statistic]:
        """Return the statistics.

        `documents.share` is of all documents. `length.quantile` is off by at most
        1/64 of itself; its position is the share of documents that are not longer.

        Args:
            accumulator: Of all documents of the stage.
            stage: `input`, `output` or `run`.
        """
        total = accumulator["all"]["documents"]
        found: list[Statistic] = []
        for columns, cell in each_slice(accumulator):
            found.extend(_counts(cell, columns, stage))
            found.extend(_lengths(cell, columns, stage))
            if columns:
                found.append(_share(cell["documents"], total, columns, stage))
        return found


class TextGatherer:
    """Gathers the lengths of many batches and folds them once.

    Folding costs as much for a batch as for a shard; lengths and labels take about 50
    bytes a document until then.
    """

    def __init__(self) -> None:
        self._lengths: dict[str, list[NDArray[np.int64]]] = {u: [] for u in _UNITS}
        self._labels: tuple[list[pa.Array], list[pa.Array]] = ([], [])

    def add(
        self, texts: pa.StringArray, sources: pa.StringArray, languages: pa.StringArray
    ) -> None:
        """Add a batch; arguments as of `TextFold.add`."""
        characters = pc.utf8_length(texts).to_numpy().astype(np.int64)
        self.add_lengths(characters, word_counts(texts), sources, languages)

    def add_lengths(
        self,
        characters: NDArray[np.int64],
        words: NDArray[np.int64],
        sources: pa.StringArray,
        languages: pa.StringArray,
    ) -> None:
        """Add a batch of which the lengths are known.

        Args:
            characters: Code points of each text, shape (n,).
            words: As `text.word_counts`, shape (n,).
            sources: As many; null where unknown.
            languages: As many; null where unknown.
        """
        self._lengths["characters"].append(characters)
        self._lengths["words"].append(words)
        for labels, names in zip(self._labels, (sources, languages), strict=True):
            labels.append(names)

    def finish(self) -> Accumulator:
        """The accumulator of all batches, as `TextFold` makes it."""
        nothing = [np.empty(0, np.int64)]
        lengths = {
            unit: np.concatenate(parts or nothing)
            for unit, parts in self._lengths.items()
        }
        sources, languages = (
            pa.concat_arrays([part.cast(pa.string()) for part in parts])
            if parts
            else pa.array([], pa.string())
            for parts in self._labels
        )
        return sliced(sources, languages, partial(_cells, lengths))


def _cells(
    lengths: dict[str, NDArray[np.int64]], labels: NDArray[np.int64], count: int
) -> list[Any]:
    documents = sums_by_label(labels, count, np.ones(len(labels), np.int64))
    cells: list[dict[str, Any]] = [{"documents": number} for number in documents]
    for unit, values in lengths.items():
        sums = sums_by_label(labels, count, values)
        histograms = histograms_by_label(labels, count, length_bins(values))
        for cell, value, histogram in zip(cells, sums, histograms, strict=True):
            cell[unit] = value
            cell[f"{unit}_histogram"] = histogram
    return cells


def _counts(cell: Any, columns: Slices, stage: str) -> list[Statistic]:
    return [
        Statistic(
            metric, cell[metric], metric, stage, CHARACTERISTICS[metric], **columns
        )
        for metric in ("documents", *_UNITS)
    ]


def _lengths(cell: Any, columns: Slices, stage: str) -> list[Statistic]:
    found: list[Statistic] = []
    documents = cell["documents"]
    if documents == 0:
        return found
    for unit in _UNITS:
        mean = Statistic(
            "length.mean",
            cell[unit] / documents,
            unit,
            stage,
            CHARACTERISTICS["length.mean"],
            numerator=cell[unit],
            denominator=documents,
            **columns,
        )
        found.append(mean)
        found.extend(
            Statistic(
                "length.quantile",
                quantile(cell[f"{unit}_histogram"], float(position)),
                unit,
                stage,
                CHARACTERISTICS["length.quantile"],
                position=position,
                **columns,
            )
            for position in QUANTILES
        )
    return found


def _share(documents: int, total: int, columns: Slices, stage: str) -> Statistic:
    low, high = wilson(documents, total)
    return Statistic(
        "documents.share",
        documents / total if total else 0.0,
        "share",
        stage,
        CHARACTERISTICS["documents.share"],
        numerator=documents,
        denominator=total,
        low=low,
        high=high,
        **columns,
    )

"""Statistics of demographic mentions, each with its denominator.

| metric | numerator | denominator |
|---|---|---|
| lexicon.coverage | documents in a language that has a lexicon | documents |
| axis.coverage | documents that mention any group of the axis | covered documents |
| group.document_share | documents that mention the group | covered documents |
| group.mention_share | mentions of the group | mentions of its axis |
| group.mentions_per_thousand_words | 1,000 mentions | words of covered documents |

Document shares of the groups overlap and need not add up to 1; mention shares do.
Mentions come in clusters, one document with many, so that a binomial interval would be
too narrow: only shares of documents have one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.schemas.statistic import Statistic
from isinglass.transforms.demographics.lexicon import group_names
from isinglass.transforms.statistics.characteristics import CHARACTERISTICS
from isinglass.transforms.statistics.intervals import wilson
from isinglass.transforms.statistics.sums import (
    Accumulator,
    Slices,
    add_into,
    add_sums,
    each_slice,
    sliced,
    sums_by_label,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.transforms.demographics.counts import MentionCounts


class GroupFold:
    """Documents with mentions, and mentions, overall, by source and by language."""

    def create(self) -> Accumulator:
        """Return the accumulator of no documents."""
        everything = {"documents": 0, "covered": 0, "words": 0, "axes": {}}
        return {"all": everything, "source": {}, "language": {}}

    def add(
        self,
        accumulator: Accumulator,
        mentions: MentionCounts,
        sources: pa.StringArray,
        languages: pa.StringArray,
    ) -> Accumulator:
        """Add a batch; changes and returns `accumulator`.

        Args:
            accumulator: From `create`, `add` or `merge`.
            mentions: Counts of the batch.
            sources: Source of each document; null where unknown.
            languages: Language of each document; null where unknown.
        """
        part = sliced(sources, languages, partial(_cells, mentions))
        add_into(accumulator, part)
        return accumulator

    def merge(self, first: Accumulator, second: Accumulator) -> Accumulator:
        """Return the accumulator of both; changes neither."""
        return add_sums(first, second)

    def finish(self, accumulator: Accumulator, stage: str) -> list[Statistic]:
        """Return the statistics of the module's table; none where nothing is covered.

        Args:
            accumulator: Of all documents of the stage.
            stage: `input`, `output` or `run`.
        """
        found: list[Statistic] = []
        for columns, cell in each_slice(accumulator):
            if cell["documents"]:
                counts = (cell["covered"], cell["documents"])
                found.append(ratio("lexicon.coverage", counts, stage, columns))
            if cell["covered"]:
                for axis, sums in sorted(cell["axes"].items()):
                    found.extend(_axis(cell, axis, sums, stage, columns))
        return found


def ratio(
    metric: str,
    counts: tuple[float, float],
    stage: str,
    columns: Slices,
    *,
    interval: bool = True,
) -> Statistic:
    """Return a share as a statistic, with its Wilson interval unless told not to.

    Args:
        metric: One of `CHARACTERISTICS`.
        counts: Numerator and denominator, the latter above 0.
        stage: Stage of the statistic.
        columns: Slice columns.
        interval: Whether individuals are independent enough for an interval.
    """
    numerator, denominator = counts
    low, high = wilson(numerator, denominator) if interval else (None, None)
    return Statistic(
        metric,
        numerator / denominator,
        "share",
        stage,
        CHARACTERISTICS[metric],
        numerator=numerator,
        denominator=denominator,
        low=low,
        high=high,
        **columns,
    )


def _cells(
    mentions: MentionCounts, labels: NDArray[np.int64], count: int
) -> list[dict[str, Any]]:
    covered = mentions.covered.astype(np.int64)
    plain: dict[str, NDArray[np.int64]] = {
        "documents": np.ones(len(labels), np.int64),
        "covered": covered,
        "words": np.asarray(mentions.words * covered),
    }
    sums = {key: sums_by_label(labels, count, x) for key, x in plain.items()}
    cells: list[dict[str, Any]] = [
        {**{key: values[label] for key, values in sums.items()}, "axes": {}}
        for label in range(count)
    ]
    names = group_names()
    for axis in sorted({axis for axis, _ in names}):
        _add_axis(cells, labels, mentions.counts, axis)
    return cells


def _add_axis(
    cells: list[dict[str, Any]],
    labels: NDArray[np.int64],
    counts: NDArray[np.int32],
    axis: str,
) -> None:
    chosen = [j for j, name in enumerate(group_names()) if name[0] == axis]
    any_group = (counts[:, chosen] > 0).any(axis=1)
    with_axis = sums_by_label(labels, len(cells), np.asarray(any_group, np.int64))
    for cell, documents in zip(cells, with_axis, strict=True):
        cell["axes"][axis] = {"documents": documents, "groups": {}}
    for j in chosen:
        column = counts[:, j]
        documents_of = sums_by_label(labels, len(cells), (column > 0).astype(np.int64))
        mentions_of = sums_by_label(labels, len(cells), column)
        for label, cell in enumerate(cells):
            cell["axes"][axis]["groups"][group_names()[j][1]] = {
                "documents": documents_of[label],
                "mentions": mentions_of[label],
            }


def _axis(
    cell: Any, axis: str, sums: Any, stage: str, columns: Slices
) -> list[Statistic]:
    covered, words = cell["covered"], cell["words"]
    slices = {**columns, "axis": axis}
    pair = (sums["documents"], covered)
    found = [ratio("axis.coverage", pair, stage, slices)]
    total = sum(group["mentions"] for group in sums["groups"].values())
    for name, group in sorted(sums["groups"].items()):
        at = {**slices, "group": name}
        pair = (group["documents"], covered)
        found.append(ratio("group.document_share", pair, stage, at))
        if total:
            pair = (group["mentions"], total)
            found.append(ratio("group.mention_share", pair, stage, at, interval=False))
        if words:
            found.append(_rate(group["mentions"], words, stage, at))
    return found


def _rate(mentions: int, words: int, stage: str, slices: Slices) -> Statistic:
    metric = "group.mentions_per_thousand_words"
    return Statistic(
        metric,
        1000 * mentions / words,
        "per 1,000 words",
        stage,
        CHARACTERISTICS[metric],
        numerator=mentions,
        denominator=words,
        **slices,
    )

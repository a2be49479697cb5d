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

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.demographics.lexicon import group_names
from isinglass.transforms.statistics.characteristics import share, statistic
from isinglass.transforms.statistics.sums import (
    Accumulator,
    Slices,
    each_slice,
    sliced,
    sums_by_label,
)

if TYPE_CHECKING:
    from isinglass.transforms.demographics.counts import MentionCounts


def group_statistics(
    mentions: MentionCounts,
    sources: pa.StringArray,
    languages: pa.StringArray,
    when: str,
) -> list[Statistic]:
    """Return the statistics of the module's table; none where nothing is covered."""
    found: list[Statistic] = []
    sums = sliced(sources, languages, partial(_cells, mentions))
    for columns, cell in each_slice(sums):
        if cell["documents"]:
            counts = (cell["covered"], cell["documents"])
            found.append(share("lexicon.coverage", counts, when, **columns))
        if cell["covered"]:
            for axis in sorted({axis for axis, _ in group_names()}):
                found.extend(_axis(cell, {**columns, "axis": axis}, when))
    return found


def _cells(mentions: MentionCounts, labels: Integers, count: int) -> list[Accumulator]:
    """Sums by label, under `documents`, `covered`, `words` and names of columns."""
    cells: list[Accumulator] = [{} for _ in range(count)]
    for key, values in _summed(mentions):
        for cell, value in zip(
            cells, sums_by_label(labels, count, values), strict=True
        ):
            cell[key] = value
    return cells


def _summed(mentions: MentionCounts) -> Iterator[tuple[Any, NDArray[Any]]]:
    """What is added up, shape (documents,) each, one after another to save memory."""
    yield "documents", np.ones(len(mentions.covered), np.int64)
    yield "covered", mentions.covered
    yield "words", mentions.words * mentions.covered
    names = group_names()
    for axis in {axis for axis, _ in names}:
        chosen = [j for j, name in enumerate(names) if name[0] == axis]
        mentioned = mentions.counts[:, chosen] > 0
        yield ("documents", axis), np.asarray(mentioned.any(axis=1))
    for j, (axis, group) in enumerate(names):
        yield ("documents", axis, group), mentions.counts[:, j] > 0
        yield ("mentions", axis, group), mentions.counts[:, j]


def _axis(cell: Accumulator, slices: Slices, when: str) -> Iterator[Statistic]:
    axis, covered, words = slices["axis"], cell["covered"], cell["words"]
    counts = (cell["documents", axis], covered)
    yield share("axis.coverage", counts, when, **slices)
    groups = sorted(group for other, group in group_names() if other == axis)
    total = sum(cell["mentions", axis, group] for group in groups)
    for group in groups:
        at = {**slices, "group": group}
        mentions = cell["mentions", axis, group]
        counts = (cell["documents", axis, group], covered)
        yield share("group.document_share", counts, when, **at)
        if total:
            counts = (mentions, total)
            yield share("group.mention_share", counts, when, interval=False, **at)
        if words:
            yield statistic(
                "group.mentions_per_thousand_words",
                1000 * mentions / words,
                "per 1,000 words",
                when,
                numerator=mentions,
                denominator=words,
                **at,
            )

"""Statistics of demographic mentions, each with its denominator.

| metric | numerator | denominator |
|---|---|---|
| lexicon.coverage | documents in a language that has a lexicon | documents |
| lexicon.coverage of an axis | those in one whose lexicon has the axis | documents |
| axis.coverage | documents that mention any group of the axis | covered documents |
| group.document_share | documents that mention the group | covered documents |
| group.mention_share | mentions of the group | mentions of its axis |
| group.mentions_per_thousand_words | 1,000 mentions | words of covered documents |
| group.concentration | those in 1 % of its documents | mentions of the group |

Covered are documents in a language whose lexicon has the axis: in others nothing of it
can be counted. Where there are none, there is no row but the one that says so.
Document shares of the groups overlap and need not add up to 1; mention shares do.
Mentions come in clusters, one document with many, so that a binomial interval would be
too narrow: theirs is that of a ratio over whole documents. Where all documents say the
same (0 %, 100 %, or there is one) that has no width: then it is Wilson's, of as many
documents, as Korn and Graubard (1998, Survey Methodology 24:193) put the effective
sample size for the count; a rate of such documents has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from isinglass.schemas.arrays import Integers
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.demographics.measured import axes_by_lexicon, lexicon_places
from isinglass.transforms.statistics.characteristics import share, statistic
from isinglass.transforms.statistics.intervals import NORMAL_QUANTILE, wilson
from isinglass.transforms.statistics.sums import (
    Accumulator,
    Slices,
    each_slice,
    sliced,
)

if TYPE_CHECKING:
    from isinglass.transforms.demographics.counts import MentionCounts
    from isinglass.transforms.demographics.lexicon import Group, Lexicons

_ROUNDING = 1e-12
"""Of what a sum of squares is made of: a smaller one is 0."""

LEAST_CONCENTRATED = 100
"""Documents of a group of which a hundredth is one or more."""


def group_statistics(
    mentions: MentionCounts,
    lexicons: Lexicons,
    sources: pa.StringArray,
    languages: pa.StringArray,
    when: str,
) -> list[Statistic]:
    """Return the statistics of the module's table; none where nothing is covered.

    `lexicons` are those that were counted by. Rows are of groups that are mentioned,
    and in a source or a language of those that are mentioned anywhere, if the axis is
    and a lexicon there has a word for them.
    """
    found: list[Statistic] = []
    groups = lexicons.groups
    places = lexicon_places(languages, lexicons)
    fold = partial(_cells, mentions, places, groups)
    known = {groups[column] for column in np.unique(mentions.groups).tolist()}
    axes = axes_by_lexicon(lexicons)
    words_for = [{group for group, _ in one.terms} for one in lexicons.all]
    for columns, cell in each_slice(sliced(sources, languages, fold)):
        by_language = cell["languages"]
        if cell["documents"]:
            covered = sum(one["documents"] for one in by_language.values())
            counts = (covered, cell["documents"])
            found.append(share("lexicon.coverage", counts, when, **columns))
        here = known & set().union(*(words_for[place] for place in by_language))
        for axis, has in axes.items() if by_language else ():
            own = sorted(group for other, group in here if other == axis)
            sums = [one for place, one in by_language.items() if has[place]]
            found.extend(_axis(cell, sums, own, {**columns, "axis": axis}, when))
    return [*found, *_concentration(mentions, groups, when)]


def _cells(
    mentions: MentionCounts,
    places: Integers,
    groups: Sequence[Group],
    labels: Integers,
    count: int,
) -> list[Accumulator]:
    """Sums by label: `documents`, and those of `languages` and mentions of `axes`.

    Of languages, by the place of their lexicon, those that have documents.
    """
    documents = np.bincount(labels, minlength=count)
    cells: list[Accumulator] = [
        {"documents": number, "languages": {}, "axes": {}}
        for number in documents.tolist()
    ]
    covered = places >= 0
    width = int(places.max(initial=0)) + 1
    keys = labels[covered] * width + places[covered]
    words = mentions.words[covered].astype(np.float64)
    cell_of, where = np.unique(keys, return_inverse=True)
    sums = [np.bincount(where, values) for values in (None, words, words * words)]
    for index, key in enumerate(cell_of.tolist()):
        label, place = divmod(key, width)
        cells[label]["languages"][place] = {
            "documents": int(sums[0][index]),
            "words": round(sums[1][index]),
            "words_squared": float(sums[2][index]),
        }
    for (label, axis, group), own in _mentioned(mentions, groups, labels):
        axes = cells[label]["axes"]
        axes.setdefault(axis, {})[group] = own
    return cells


def _mentioned(
    mentions: MentionCounts, groups: Sequence[Group], labels: Integers
) -> Iterator[tuple[tuple[int, str, str | None], dict[str, float]]]:
    """Sums of each label and group that is mentioned, and of each axis (None)."""
    axes = sorted({axis for axis, _ in groups})
    axis_of = np.array([axes.index(axis) for axis, _ in groups], np.int64)
    rows, counts = mentions.rows, mentions.counts.astype(np.float64)
    if not len(rows):
        return
    # Of each document and axis, all of its mentions.
    keys, place = np.unique(
        rows * len(axes) + axis_of[mentions.groups], return_inverse=True
    )
    totals = np.bincount(place, counts)
    parts = (
        (mentions.groups.astype(np.int64), rows, counts, totals[place]),
        (len(groups) + keys % len(axes), keys // len(axes), totals, totals),
    )
    columns, rows, own, all_of = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    width = len(groups) + len(axes)
    values = {
        "documents": np.ones(len(rows)),
        "mentions": own,
        "squared": own * own,
        "with_axis": own * all_of,
        "with_words": own * mentions.words[rows],
    }
    cells, where = np.unique(labels[rows] * width + columns, return_inverse=True)
    sums = {name: np.bincount(where, value) for name, value in values.items()}
    names = [*groups, *((axis, None) for axis in axes)]
    for index, cell in enumerate(cells.tolist()):
        label, column = divmod(cell, width)
        yield (label, *names[column]), {k: float(v[index]) for k, v in sums.items()}


_NONE = dict.fromkeys(
    ("documents", "mentions", "squared", "with_axis", "with_words"), 0.0
)


def _axis(
    cell: Accumulator,
    languages: Sequence[Accumulator],
    groups: Sequence[str],
    slices: Slices,
    when: str,
) -> Iterator[Statistic]:
    """Rows of an axis; `languages` are sums of those whose lexicon has it."""
    names = ("documents", "words", "words_squared")
    covered, words, squares = (sum(one[n] for one in languages) for n in names)
    yield share("lexicon.coverage", (covered, cell["documents"]), when, **slices)
    if not covered:
        return
    own = cell["axes"].get(slices["axis"], {})
    whole = own.get(None, _NONE)
    counts = (round(whole["documents"]), covered)
    yield share("axis.coverage", counts, when, **slices)
    for group in groups if whole["mentions"] else ():
        sums, at = own.get(group, _NONE), {**slices, "group": group}
        counts = (round(sums["documents"]), covered)
        yield share("group.document_share", counts, when, **at)
        within = (sums["mentions"], whole["mentions"], whole["documents"])
        square = (sums["squared"], sums["with_axis"], whole["squared"])
        yield _ratio("group.mention_share", within, square, when, **at)
        if words:
            within = (sums["mentions"], words, covered)
            square = (sums["squared"], sums["with_words"], squares)
            metric = "group.mentions_per_thousand_words"
            yield _ratio(metric, within, square, when, **at)


def _ratio(
    metric: str,
    sums: tuple[float, float, float],
    squares: tuple[float, float, float],
    when: str,
    **slices: Any,
) -> Statistic:
    """A ratio of two sums over documents, with an interval for whole documents.

    Mentions of one document go together, so its variance is that of a ratio estimator:
    sum((y - r x)^2) / sum(x)^2 (Cochran, Sampling Techniques, 1977, section 6.3).

    `sums` are those of y and x, and the documents; `squares` of y^2, x y and x^2.
    """
    top, bottom, documents = sums
    value = top / bottom
    scale, most = (1.0, 1.0) if metric.endswith("share") else (1000.0, float("inf"))
    parts = (squares[0], -2 * value * squares[1], value * value * squares[2])
    ends: tuple[float, float] | None
    if sum(parts) > _ROUNDING * sum(map(abs, parts)):
        half = NORMAL_QUANTILE * sqrt(sum(parts)) / bottom
        ends = max(0.0, value - half), min(most / scale, value + half)
    else:
        ends = wilson(value * documents, documents) if scale == 1.0 else None
    return statistic(
        metric,
        scale * top / bottom,
        "share" if scale == 1.0 else "per 1,000 words",
        when,
        numerator=round(top),
        denominator=round(bottom),
        low=scale * ends[0] if ends else None,
        high=scale * ends[1] if ends else None,
        **slices,
    )


def _concentration(
    mentions: MentionCounts, groups: Sequence[Group], when: str
) -> Iterator[Statistic]:
    """Of each group, the mentions in the hundredth of its documents with most."""
    order = np.lexsort((-mentions.counts, mentions.groups))
    counts, own = mentions.counts[order], mentions.groups[order]
    bounds = np.searchsorted(own, np.arange(len(groups) + 1))
    for (axis, group), low, high in zip(groups, bounds, bounds[1:], strict=False):
        if high - low >= LEAST_CONCENTRATED:
            top = ceil((high - low) / 100)
            part = (int(counts[low : low + top].sum()), int(counts[low:high].sum()))
            at: Slices = {"axis": axis, "group": group}
            yield share("group.concentration", part, when, interval=False, **at)

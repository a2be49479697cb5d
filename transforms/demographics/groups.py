"""Statistics of demographic mentions, and of who is lost, each with its denominator.

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

Blocklists and quality filters are known to remove text about some people more than
text about others (Dodge et al. 2021, section 5). Each removing stage is therefore
measured by group: documents that mention the group, before, after and by reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.demographics.lexicon import group_names
from isinglass.transforms.statistics.characteristics import share, statistic
from isinglass.transforms.statistics.intervals import share_ratio, wilson
from isinglass.transforms.statistics.sums import (
    Accumulator,
    Slices,
    each_slice,
    sliced,
    sums_by_label,
)

if TYPE_CHECKING:
    from isinglass.transforms.demographics.counts import MentionCounts

_STAGE = "output"

FEW = 30
"""Documents of a group below which it is not compared with others."""


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


def retention(mentioned: Flags, kept: Flags) -> list[Statistic]:
    """Return how many documents of each group stay.

    `group.retention` is the share of the group's documents that stay, with its Wilson
    interval; the row without a group is over all covered documents.
    `group.retention_ratio` is the former over the latter: 1 where the group fares as
    all do.

    `mentioned` (n, groups) says which documents, whose language has a lexicon, mention
    the groups of `group_names()`; `kept` (n,) which stay.
    """
    if len(kept) == 0:
        return []
    whole = share("group.retention", (int(kept.sum()), len(kept)), _STAGE)
    found = [whole]
    for (axis, group), documents in zip(group_names(), mentioned.T, strict=True):
        if not documents.any():
            continue
        slices: Slices = {"axis": axis, "group": group}
        counts = (int(documents[kept].sum()), int(documents.sum()))
        stays = share("group.retention", counts, _STAGE, **slices)
        found.append(stays)
        if whole.value > 0:
            ratio = statistic(
                "group.retention_ratio",
                stays.value / whole.value,
                "ratio",
                _STAGE,
                numerator=stays.value,
                denominator=whole.value,
                **slices,
            )
            found.append(ratio)
    return found


def parity(mentioned: Flags, kept: Flags) -> list[Statistic]:
    """Return how much of each group stays, against the one that fares best on its axis.

    `group.retention_parity` is the upper end of the interval of the group's retention
    over the greatest lower end on the axis, at most 1: it is not below by chance. It is
    1 where nothing can be compared, and for groups of fewer than `FEW` documents, which
    may be copies of one another. Arguments as `retention`.
    """
    ends = {}
    for name, documents in zip(group_names(), mentioned.T, strict=True):
        counts = (int(documents[kept].sum()), int(documents.sum()))
        ends[name] = wilson(*counts) if counts[1] >= FEW else (0.0, 1.0)
    found = []
    for (axis, group), (_, high) in ends.items():
        best = max(low for (other, _), (low, _) in ends.items() if other == axis)
        row = statistic(
            "group.retention_parity",
            min(1.0, high / best) if best else 1.0,
            "ratio",
            _STAGE,
            numerator=high,
            denominator=best,
            axis=axis,
            group=group,
        )
        found.append(row)
    return found


def removal(mentioned: Flags, removed: Mapping[str, Flags]) -> list[Statistic]:
    """Return how many documents of each group each reason removes.

    `group.removed_share` is the share of the group's documents, with its Wilson
    interval. `group.removal_ratio` is that share over the share among documents that
    do not mention the group, with a 95 % log interval; where one of the counts is 0 it
    is left out.
    """
    found: list[Statistic] = []
    metric = "group.removal_ratio"
    for reason, gone in sorted(removed.items()):
        for (axis, group), documents in zip(group_names(), mentioned.T, strict=True):
            if not documents.any():
                continue
            at: Slices = {"axis": axis, "group": group, "reason": reason}
            first, rest = (
                (int(gone[some].sum()), int(some.sum()))
                for some in (documents, ~documents)
            )
            found.append(share("group.removed_share", first, _STAGE, **at))
            ratio = share_ratio(first, rest)
            if ratio is not None:
                value, low, high = ratio
                row = statistic(
                    metric, value, "ratio", _STAGE, low=low, high=high, **at
                )
                found.append(row)
    return found

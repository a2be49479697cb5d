"""What a reader must know of the weights before using them, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose

from isinglass.pipelines.report.text import (
    decimal,
    grouped,
    number_of,
    percent,
    ratio,
    shorten,
)
from isinglass.schemas.weighting import AxisSummary, DrawnDocuments, WeightSummary
from isinglass.transforms.statistics.intervals import FEW

_MOST_NAMED = 5
_STILL = 1e-6
"""Change of a share that is none."""


def warnings(
    axes: Mapping[str, AxisSummary], weights: WeightSummary | None
) -> list[str]:
    """A sentence for each thing, axis by axis."""
    found = []
    for axis, summary in axes.items():
        silent = summary.mentions and not any(summary.mentions.values())
        if silent and summary.documents:
            found.append(
                f"No kept document mentions the axis {axis}: it was not balanced."
            )
        if not summary.feasible:
            found.append(_missed(axis, summary))
        if summary.too_few and not silent:
            found.append(
                f"The balance of the axis {axis} rests on too few mentions to say "
                f"anything: {few_named(summary)}. Of each group {FEW} mentions in "
                f"{FEW} documents are needed."
            )
    if weights is not None:
        found += _table(weights)
    return found


def few_named(summary: AxisSummary) -> str:
    """The groups of which there are too few mentions, with their counts."""
    told = [
        f"{shorten(group)} {grouped(summary.mentions.get(group, 0))} in "
        f"{number_of(summary.mentioned_in.get(group, 0), 'document')}"
        for group in summary.too_few
    ]
    more = len(told) - _MOST_NAMED
    return ", ".join(told[:_MOST_NAMED]) + (f", and {more} more" if more > 0 else "")


def _missed(axis: str, summary: AxisSummary) -> str:
    where = ""
    if summary.missed_in:
        named = ", ".join(map(shorten, summary.missed_in[:_MOST_NAMED]))
        more = len(summary.missed_in) - _MOST_NAMED
        where = f" in {named}" + (f" and {more} more" if more > 0 else "")
    return (
        f"The target of axis {axis} cannot be reached within the bounds{where}; "
        f"{closest(summary)}."
    )


def closest(summary: AxisSummary) -> str:
    """What became of an axis that cannot reach its target, and what is left."""
    points = f"{decimal(summary.residual * 100, 2)} percentage points"
    before, after = summary.before, summary.after
    if all(isclose(after[g], before[g], abs_tol=_STILL) for g in after):
        return (
            "no part of the way there can be gone with all of its groups together, and "
            f"it stays where it was, {points} off"
        )
    return f"the weights go as far as they can, and leave {points}"


def _table(weights: WeightSummary) -> list[str]:
    found = []
    if not weights.exact:
        found.append(
            "There were too many different counts of mentions to weigh each by itself; "
            "documents with similar ones have the same weight."
        )
    if weights.drawn is not None and weights.drawn.emit == "keep":
        found.append(_kept(weights.drawn, weights))
    return found


def _kept(drawn: DrawnDocuments, weights: WeightSummary) -> str:
    documents = sum(number for *_, number in weights.histogram)
    share = percent(ratio(drawn.documents, documents))
    return (
        f"balance_keep is true for {share} of the kept documents, "
        f"{grouped(drawn.documents)} of {grouped(documents)}: the greatest weight is "
        f"{drawn.greatest:.2f}. balance.emit: copies leaves nearly all."
    )

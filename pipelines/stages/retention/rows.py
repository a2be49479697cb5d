"""Rows of statistics as the sections on retention read and name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import MISSING, grouped, shorten, words_of
from isinglass.transforms.retention.audit import FLAGGED_RATIO

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

Row = Mapping[str, Any]
Who = tuple[str, str]
"""Axis and group."""

_MOST_NAMED = 12


def flagged(row: Row) -> bool:
    """Whether an adjusted ratio is high, and not by chance."""
    return row["value"] >= FLAGGED_RATIO and row["low"] > 1.0


def low_ratio(row: Row) -> bool:
    """Whether a ratio is as low as a flagged one is high."""
    return row["value"] <= 1 / FLAGGED_RATIO and row["high"] < 1.0


def by_group(data: ReportData, metric: str) -> dict[Who, Row]:
    """Rows of a metric by axis and group."""
    return {(row["axis"], row["group"]): row for row in data.slices.named(metric)}


def with_ends(row: Row | None, show: Callable[[float], str]) -> str:
    """A value with its interval, if there are any."""
    if row is None:
        return MISSING
    value = show(row["value"])
    if row["low"] is None:
        return value
    return f"{value} ({show(row['low'])} to {show(row['high'])})"


def named(who: Who) -> str:
    """A group and its axis, in words."""
    axis, group = (words_of(part) for part in who)
    return shorten(f"{group} ({axis})")


def some_of(names: list[str]) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    rest = f" and {grouped(more)} more" if more > 0 else ""
    return ", ".join(names[:_MOST_NAMED]) + rest


def too_few(why: str, rows: Mapping[Who, Row]) -> page.Paragraph:
    """Groups that no number is shown of, those with most documents first."""
    order = sorted(rows, key=lambda who: (-(rows[who]["denominator"] or 0), who))
    told = some_of([named(who) for who in order])
    return page.Paragraph(f"Too few to say ({why}): {told}.", "muted")

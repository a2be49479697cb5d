"""Pictures of how much there is of what: histograms, and bars before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from isinglass.pipelines.report.svg import (
    ROW,
    WIDTH,
    line,
    listing,
    named,
    picture,
    rect,
    text_at,
)
from isinglass.pipelines.report.text import grouped

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_BARS = 12
"""Rows of bars that a picture has room for."""

_TOP, _HEIGHT = 24.0, 170.0
_LEFT, _RIGHT = 146.0, 304.0
_LABELS = 6


class Bin(NamedTuple):
    """A step of a histogram, `low` up to `high`, and what falls into it.

    Attributes:
        before: What was there before cleaning; None where there is no before.
    """

    low: float
    high: float
    number: int
    before: int | None = None


class Bar(NamedTuple):
    """What there is of something, before and after."""

    label: str
    before: float
    after: float


def histogram(bins: Sequence[Bin], what: str, told: Callable[[float], str]) -> Markup:
    """Full bars of what is there, hollow ones of what was; all bins side by side.

    `what` names the things that are counted, `told` writes an end of a bin.
    """
    most = max((max(one.number, one.before or 0) for one in bins), default=0) or 1
    wide, bottom = WIDTH / max(1, len(bins)), _TOP + _HEIGHT
    parts = [
        text_at(0, 12, f"most in a step: {grouped(most)}", "quiet"),
        line((0, bottom, WIDTH, bottom), "grid"),
    ]
    every = -(-len(bins) // _LABELS)
    for place, one in enumerate(bins):
        left = place * wide
        if one.before:
            high = _high(one.before, most)
            box = (left + 1.0, bottom - high, max(1.0, wide - 2.0), high)
            parts.append(rect(box, "hollow"))
        if one.number:
            high = _high(one.number, most)
            inset = 0.0 if one.before is None else min(3.0, wide / 8)
            box = (left + 1 + inset, bottom - high, max(1, wide - 2 - 2 * inset), high)
            parts.append(rect(box, "mark-kept"))
        if place % every == 0:
            parts.append(text_at(left, bottom + 18, told(one.low), "quiet"))
    heard = listing(
        f"{told(one.low)} to {told(one.high)}: {_numbers(one.before, one.number)}"
        for one in bins
        if one.number or one.before
    )
    return picture(bottom + 26, f"{what}: {heard}", parts)


def bars(rows: Sequence[Bar], what: str) -> Markup:
    """A hollow bar before and a full one after for each of the first rows."""
    shown = rows[:MOST_BARS]
    most = max((max(row.before, row.after) for row in shown), default=0) or 1
    parts = []
    for place, row in enumerate(shown):
        y = 6.0 + ROW * place
        parts.append(text_at(_LEFT - 10, y + 13, named(row.label), "end"))
        for number, style in ((row.before, "hollow"), (row.after, "mark-kept")):
            wide = (_RIGHT - _LEFT) * number / most
            inset = 0.0 if style == "hollow" else 3.0
            if number:
                box = (_LEFT, y + 2 + inset, max(1.5, wide), ROW - 8 - 2 * inset)
                parts.append(rect(box, style))
        told = _numbers(row.before, row.after)
        parts.append(text_at(WIDTH, y + 13, told, "quiet end"))
    heard = listing(f"{row.label} {_numbers(row.before, row.after)}" for row in shown)
    return picture(6.0 + ROW * len(shown) + 4, f"{what}: {heard}", parts)


def _high(number: int, most: int) -> float:
    """What is there can be seen."""
    return max(1.5, _HEIGHT * number / most)


def _numbers(before: float | None, after: float) -> str:
    if before is None or before == after:
        return grouped(after)
    return f"{grouped(before)} → {grouped(after)}"

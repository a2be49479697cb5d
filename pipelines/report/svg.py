"""Inline SVG from numbers and escaped labels.

All pictures are drawn 420 units wide, which keeps their lettering readable both on
a phone and at full size. Colours come from the classes of the page's style sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, log2
from typing import NamedTuple

from markupsafe import Markup

from isinglass.pipelines.report.text import (
    decimal,
    grouped,
    percent,
    share_of,
    shorten,
    visible,
)

WIDTH = 420
_LABEL_LENGTH, _LONG = 17, 200
_MOST_TICKS = 6
ROW = 22
_PLOT_LEFT, _PLOT_RIGHT = 136.0, 356.0


class Flow(NamedTuple):
    """One stream of records: where they went; `tone` is kept, dropped or held."""

    label: str
    value: int
    tone: str


class Whisker(NamedTuple):
    """A share with its interval."""

    label: str
    value: float
    low: float
    high: float


class Shift(NamedTuple):
    """A share before and after something, with a target or an interval if it has one.

    Attributes:
        interval: 95 %, of the share after.
    """

    label: str
    before: float
    after: float
    target: float | None = None
    interval: tuple[float, float] | None = None


class Ratio(NamedTuple):
    """A ratio with its interval, all above 0; `marked` where it is to be looked at."""

    label: str
    value: float
    low: float
    high: float
    marked: bool


class Effect(NamedTuple):
    """A number around 0, and the range it is seen against; `marked` to be looked at."""

    label: str
    value: float
    low: float
    high: float
    marked: bool


def flow(total: int, flows: Sequence[Flow]) -> Markup:
    """Streams from one bar on the left to one bar an outcome on the right."""
    heights = [max(1.5, 150.0 * item.value / max(total, 1)) for item in flows]
    right = [26.0]
    for height in heights:
        right.append(right[-1] + max(height, 38.0) + 8.0)
    parts = [text_at(0, 14, f"{grouped(total)} records in", "strong")]
    left = 26.0
    parts.append(rect((0, left, 12, sum(heights)), "mark-in"))
    for item, height, y in zip(flows, heights, right[:-1], strict=True):
        parts.append(_ribbon(left, y, height, f"ribbon-{item.tone}"))
        parts.append(rect((206, y, 12, height), f"mark-{item.tone}"))
        parts.append(text_at(228, y + 11, named(item.label, 24), "strong"))
        number = f"{grouped(item.value)} · {share_of(item.value, total)}"
        parts.append(text_at(228, y + 27, number, "quiet"))
        left += height
    bottom = max(left, right[-1] - 8.0) if flows else left
    listed = "; ".join(f"{item.label} {item.value}" for item in flows)
    return picture(bottom + 6, f"{total} records in: {listed}", parts)


def capture_curve(points: Sequence[tuple[float, float]], threshold: float) -> Markup:
    """Probability that a pair is compared, against its Jaccard similarity."""
    left, right, top, bottom = 48.0, 408.0, 22.0, 190.0

    def place(jaccard: float, probability: float) -> tuple[float, float]:
        across, up = jaccard * (right - left), probability * (bottom - top)
        return left + across, bottom - up

    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = place(tick, tick)
        parts.append(line((left, y, right, y), "grid"))
        parts.append(text_at(left - 8, y + 4, percent(tick, 0), "quiet end"))
        parts.append(text_at(x, bottom + 18, f"{tick:.2f}", "quiet middle"))
    x, _ = place(threshold, 0.0)
    parts.append(line((x, top - 6, x, bottom), "threshold"))
    parts.append(text_at(x - 5, top - 9, f"threshold {threshold:g}", "quiet end"))
    placed = (place(*point) for point in sorted(points))
    path = " ".join(f"{px:.1f},{py:.1f}" for px, py in placed)
    parts.append(Markup('<polyline class="curve" points="{}"/>').format(path))
    middle = (left + right) / 2
    parts.append(text_at(middle, bottom + 38, "Jaccard similarity", "quiet middle"))
    title = f"Probability that a pair becomes a candidate; threshold {threshold:g}"
    return picture(bottom + 46, title, parts)


def whiskers(rows: Sequence[Whisker], what: str) -> Markup:
    """A dot for each share and a bar for its interval; `what` names the shares."""
    least = min((row.low for row in rows), default=0.0)
    span = (next((start for start in (0.9, 0.8, 0.5) if least >= start), 0.0), 1.0)
    bottom = 10.0 + ROW * len(rows)
    parts = _axis(span, bottom)
    for index, row in enumerate(rows):
        y = 10.0 + ROW * (index + 0.5)
        low, dot, high = (_at(value, span) for value in (row.low, row.value, row.high))
        parts.append(text_at(_PLOT_LEFT - 12, y + 4, named(row.label), "end"))
        parts.append(rect((low, y - 4, max(1.5, high - low), 8), "interval"))
        parts.append(_dot(dot, y, "dot"))
        parts.append(text_at(WIDTH, y + 4, percent(row.value), "end"))
    heard = listing(
        f"{row.label} {percent(row.value)} ({percent(row.low)} to {percent(row.high)})"
        for row in rows
    )
    return picture(bottom + 26, f"{what} with 95 % interval: {heard}", parts)


def shifts(rows: Sequence[Shift], what: str) -> Markup:
    """Hollow dot before, full dot after, upright stroke at the target.

    A line joins the dots, or is the interval of the second; `what` names the shares.
    """
    values = [value for row in rows for value in (row.before, row.after)]
    values += [row.target for row in rows if row.target is not None]
    values += [row.interval[1] for row in rows if row.interval is not None]
    ends = (0.05, 0.1, 0.25, 0.5, 0.75)
    top = next((end for end in ends if max(values) <= end), 1.0)
    span = (0.0, top)
    bottom = 10.0 + ROW * len(rows)
    parts = _axis(span, bottom)
    for index, row in enumerate(rows):
        y = 10.0 + ROW * (index + 0.5)
        before, after = _at(row.before, span), _at(row.after, span)
        low, high = row.interval or (row.before, row.after)
        parts.append(text_at(_PLOT_LEFT - 12, y + 4, named(row.label), "end"))
        parts.append(line((_at(low, span), y, _at(high, span), y), "whisker"))
        if row.target is not None:
            goal = _at(row.target, span)
            parts.append(line((goal, y - 8, goal, y + 8), "target"))
        parts.append(_dot(before, y, "dot-before"))
        parts.append(_dot(after, y, "dot"))
        parts.append(text_at(WIDTH, y + 4, percent(row.after), "end"))
    listed = "; ".join(
        f"{row.label} {percent(row.before)} to {percent(row.after)}" for row in rows
    )
    return picture(bottom + 26, f"{what}: {listed}", parts)


def forest(rows: Sequence[Ratio], limit: float) -> Markup:
    """Ratios on a scale of doublings: upright lines at 1, and dashed at a limit."""
    ends = [end for row in rows for end in (row.low, row.high)]
    least = max(-5, floor(log2(min([*ends, 0.5]))))
    most = min(5, ceil(log2(max([*ends, 2.0]))))
    span, bottom = (float(least), float(most)), 10.0 + ROW * len(rows)
    parts = []
    for step in range(least, most + 1):
        x = _at(step, span)
        parts.append(line((x, 6.0, x, bottom), "grid" if step else "target"))
        if step % (1 if most - least <= _MOST_TICKS else 2) == 0:
            parts.append(text_at(x, bottom + 18, f"{2.0**step:.3g}", "quiet middle"))
    x = _at(log2(limit), span)
    parts.append(line((x, 6.0, x, bottom), "threshold"))
    for index, row in enumerate(rows):
        y = 10.0 + ROW * (index + 0.5)
        low, dot, high = (
            _at(log2(end), span) for end in (row.low, row.value, row.high)
        )
        parts.append(text_at(_PLOT_LEFT - 12, y + 4, named(row.label), "end"))
        parts.append(line((low, y, high, y), "whisker"))
        parts.append(_dot(dot, y, "dot marked" if row.marked else "dot"))
        parts.append(text_at(WIDTH, y + 4, f"{row.value:.2f}", "end"))
    listed = "; ".join(
        f"{row.label} {row.value:.2f} ({row.low:.2f} to {row.high:.2f})" for row in rows
    )
    return picture(bottom + 26, f"Ratios with 95 % interval: {listed}", parts)


def effects(rows: Sequence[Effect], what: str) -> Markup:
    """A dot for each number, and a bar for its range; an upright line at 0.

    `what` names the numbers and the range.
    """
    ends = [abs(end) for row in rows for end in (row.low, row.value, row.high)]
    most = max(1, ceil(max(ends, default=1.0)))
    span, bottom = (-float(most), float(most)), 10.0 + ROW * len(rows)
    parts = []
    for step in range(-most, most + 1):
        x = _at(step, span)
        parts.append(line((x, 6.0, x, bottom), "grid" if step else "target"))
        parts.append(text_at(x, bottom + 18, decimal(step, 0), "quiet middle"))
    for index, row in enumerate(rows):
        y = 10.0 + ROW * (index + 0.5)
        low, dot, high = (_at(value, span) for value in (row.low, row.value, row.high))
        parts.append(text_at(_PLOT_LEFT - 12, y + 4, named(row.label), "end"))
        parts.append(rect((low, y - 4, max(1.5, high - low), 8), "interval"))
        parts.append(_dot(dot, y, "dot marked" if row.marked else "dot"))
        parts.append(text_at(WIDTH, y + 4, decimal(row.value), "end"))
    listed = listing(
        f"{row.label} {decimal(row.value)} ({decimal(row.low)} to {decimal(row.high)})"
        for row in rows
    )
    return picture(bottom + 26, f"{what}: {listed}", parts)


def _axis(span: tuple[float, float], bottom: float) -> list[Markup]:
    parts = []
    for step in range(5):
        value = span[0] + (span[1] - span[0]) * step / 4
        x = _at(value, span)
        parts.append(line((x, 6.0, x, bottom), "grid"))
        if step % 2 == 0:
            label = percent(value, 0 if round(value * 1000) % 10 == 0 else 1)
            parts.append(text_at(x, bottom + 18, label, "quiet middle"))
    return parts


def _at(value: float, span: tuple[float, float]) -> float:
    low, high = span
    part = (min(max(value, low), high) - low) / (high - low)
    return _PLOT_LEFT + part * (_PLOT_RIGHT - _PLOT_LEFT)


def named(text: str, limit: int = _LABEL_LENGTH) -> str:
    """A label that has room, without characters that are not seen.

    Of a longer one both ends are told: paths and names often begin alike.
    """
    plain, tail = visible(text[: 2 * _LONG]), limit // 3
    if len(plain) <= limit and len(text) <= 2 * _LONG:
        return plain
    return f"{plain[: limit - 1 - tail]}…{visible(text[-_LONG:])[-tail:]}"


def listing(parts: Iterable[str]) -> str:
    """What a picture shows, for those who hear it."""
    return "; ".join(parts)


def text_at(x: float, y: float, text: str, style: str) -> Markup:
    """A label, as the style sheet sets it."""
    return Markup('<text x="{}" y="{}" class="{}">{}</text>').format(
        f"{x:.1f}", f"{y:.1f}", style, text
    )


def rect(box: tuple[float, float, float, float], style: str) -> Markup:
    """A box by its left, its top, its width and its height."""
    element = Markup('<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>')
    return element.format(*(f"{value:.1f}" for value in box), style)


def line(ends: tuple[float, float, float, float], style: str) -> Markup:
    """A line from one point to another."""
    element = Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>')
    return element.format(*(f"{value:.1f}" for value in ends), style)


def _dot(x: float, y: float, style: str) -> Markup:
    return Markup('<circle cx="{}" cy="{}" r="4.5" class="{}"/>').format(
        f"{x:.1f}", f"{y:.1f}", style
    )


def _ribbon(left: float, right: float, height: float, style: str) -> Markup:
    path = (
        f"M12 {left:.1f} C110 {left:.1f} 110 {right:.1f} 206 {right:.1f}"
        f"V{right + height:.1f} C110 {right + height:.1f} 110 {left + height:.1f}"
        f" 12 {left + height:.1f}Z"
    )
    return Markup('<path d="{}" class="{}"/>').format(path, style)


def picture(
    height: float, title: str, parts: Iterable[Markup], longest: int = 1000
) -> Markup:
    """All of the parts, `WIDTH` wide, under a title of bounded length."""
    body = Markup().join(parts)
    return Markup(
        '<svg viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>'
    ).format(WIDTH, f"{height:.0f}", shorten(visible(title), longest), body)

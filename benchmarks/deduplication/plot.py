"""A straight line through points, and the two as text and as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 640, 400, 60
BAR = 50


@dataclass(frozen=True)
class Line:
    """y = slope x + start, fitted by least squares.

    Attributes:
        slope: Of the line.
        start: At x = 0.
        r_squared: Share of the variance of y that the line explains.
    """

    slope: float
    start: float
    r_squared: float

    def at(self, x: float) -> float:
        """Height of the line."""
        return self.slope * x + self.start


def fit(x: Sequence[float], y: Sequence[float]) -> Line:
    """Fit a line to at least two points."""
    slope, start = np.polyfit(x, y, 1)
    left = float(((np.array(y) - (slope * np.array(x) + start)) ** 2).sum())
    spread = float(((np.array(y) - np.mean(y)) ** 2).sum())
    return Line(float(slope), float(start), 1 - left / spread if spread else 1.0)


def text_plot(x: Sequence[float], y: Sequence[float], line: Line) -> str:
    """One bar a point; the mark on it is where the line is."""
    top = max(*y, *(line.at(one) for one in x))
    rows = []
    for one, height in zip(x, y, strict=True):
        bar = list("#" * round(BAR * height / top) + " " * BAR)[: BAR + 1]
        bar[min(BAR, max(0, round(BAR * line.at(one) / top)))] = "|"
        rows.append(f"{one:>12,.0f} {''.join(bar)} {height:.2f} s")
    rows.append(f"{'':>12} # measured, | linear fit, R^2 = {line.r_squared:.4f}")
    return "\n".join(rows)


def svg_plot(x: Sequence[float], y: Sequence[float], line: Line, title: str) -> str:
    """The points, the line and its formula."""
    right, top = 1.05 * max(x), 1.1 * max(*y, line.at(max(x)))

    def place(one: float, height: float) -> tuple[float, float]:
        return (
            MARGIN + (WIDTH - 2 * MARGIN) * one / right,
            HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * height / top,
        )

    (x0, y0), (x1, y1) = place(0, max(0.0, line.start)), place(right, line.at(right))
    left, bottom = place(0, 0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        "<style>text{font:12px sans-serif;text-anchor:middle}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _label(WIDTH / 2, 24, title),
        _path(f"M{left} {MARGIN}V{bottom}H{WIDTH - MARGIN}", "black"),
        _path(f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}", "gray"),
    ]
    for one, height in zip(x, y, strict=True):
        across, down = place(one, height)
        parts += [
            f'<circle cx="{across:.1f}" cy="{down:.1f}" r="4" fill="navy"/>',
            _label(across, down - 10, f"{height:.1f} s"),
            _label(across, bottom + 18, f"{one / 1e6:g} M"),
        ]
    formula = f"{line.slope * 1e6:.2f} s a million, R² = {line.r_squared:.4f}"
    parts.append(_label(WIDTH / 2, HEIGHT - 12, formula))
    return "\n".join([*parts, "</svg>", ""])


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}">{text}</text>'


def _path(steps: str, colour: str) -> str:
    return f'<path d="{steps}" fill="none" stroke="{colour}"/>'

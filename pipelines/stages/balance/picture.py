"""How many documents have which weight, as bars."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from isinglass.pipelines.report.svg import WIDTH, picture, text_at
from isinglass.pipelines.report.text import decimal, grouped

_HEIGHT, _TOP = 130.0, 22.0


def histogram(bars: Sequence[tuple[float, float, int]]) -> Markup:
    """A bar for each step of the weight, as high as it has documents."""
    most = max((number for *_, number in bars), default=1)
    wide = WIDTH / max(1, len(bars))
    bottom = _TOP + _HEIGHT
    parts = [text_at(0, 12, f"{grouped(most)} documents", "quiet")]
    for place, (_, _, number) in enumerate(bars):
        # What is there can be seen.
        height = max(1.5, _HEIGHT * number / most) if number else 0.0
        parts.append(
            Markup(
                '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" '
                'class="mark-kept"/>'
            ).format(place * wide + 1.0, bottom - height, max(1.0, wide - 2.0), height)
        )
    if bars:
        low, high = bars[0][0], bars[-1][1]
        parts.append(text_at(0, bottom + 18, f"weight {decimal(low)}", "quiet"))
        parts.append(text_at(WIDTH, bottom + 18, decimal(high), "quiet end"))
    listed = "; ".join(
        f"{decimal(first)} to {decimal(last)} {number}" for first, last, number in bars
    )
    return picture(bottom + 26, f"Documents by weight: {listed}", parts)

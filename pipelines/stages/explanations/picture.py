"""Explanations as static pictures: tokens on colours, and layers as strips.

Blue and orange are told apart by all but who sees no colours at all; for them a token
that adds is underlined, and one that takes away has a broken line. Colours are the same
on paper, on a light and on a dark page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from isinglass.pipelines.report.text import decimal, shorten, visible

if TYPE_CHECKING:
    from isinglass.transforms.explanations.summary import Mean

WIDTH = 560
ADDS, TAKES = "#1f6fb4", "#c05a00"
_PAPER, _INK, _QUIET = "#ffffff", "#15181a", "#4d545a"
_FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_SIZE, _LETTER, _LINE, _TOP = 13, 7.9, 25.0, 62.0
_LEVELS = 8
_MOST_LETTERS = 40
_STRIP, _STRIP_LEFT, _STRIP_WIDTH = 12.0, 64.0, 340.0
_HEADS, _HEADS_WIDTH = 424.0, 130.0


class Box(NamedTuple):
    """A token in its place."""

    shown: str
    value: float
    x: float
    y: float
    wide: float


def token_map(tokens: Sequence[dict[str, Any]], unit: str) -> Markup:
    """Tokens in reading order, coloured by what they add.

    Args:
        tokens: With `shown` and `added`; the largest is as strong as colour gets.
        unit: What is added to.
    """
    most = max((abs(one["added"]) for one in tokens), default=0.0) or 1.0
    boxes = _boxes(tokens)
    height = _LINE + max((box.y for box in boxes), default=_TOP)
    parts = [*_legend(most, unit), *(_token(box, most) for box in boxes)]
    told = f"{len(tokens)} tokens, coloured by what each adds to the {unit}"
    return _picture(height, told, parts)


def _boxes(tokens: Sequence[dict[str, Any]]) -> list[Box]:
    boxes, x, y = [], 0.0, _TOP
    for one in tokens:
        shown = shorten(visible(one["shown"]), _MOST_LETTERS)
        wide = _LETTER * sum(map(_columns, shown)) + 4
        x += 3 if one.get("spaced", True) else 0
        if x + wide > WIDTH and x > 0:
            x, y = 0.0, y + _LINE
        boxes.append(Box(shown, one["added"], x, y, wide))
        x += wide + 1
    return boxes


def _columns(letter: str) -> int:
    """How wide a letter is in a face of equal widths."""
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _token(box: Box, most: float) -> Markup:
    share = min(abs(box.value) / most, 1.0)
    return Markup("{}{}").format(
        _ground(box.x, box.y, box.wide, box.value, share),
        _text(box.x + 2, box.y + 13, box.shown),
    )


def _ground(x: float, y: float, wide: float, value: float, share: float) -> Markup:
    colour = ADDS if value >= 0 else TAKES
    ground = Markup(
        '<rect x="{}" y="{}" width="{}" height="18" fill="{}" fill-opacity="{}"/>'
    ).format(f"{x:.1f}", f"{y:.1f}", f"{wide:.1f}", colour, f"{0.6 * share:.2f}")
    if share < 1 / _LEVELS:
        return ground
    line = Markup('<path d="M{} {}h{}" stroke="{}" stroke-width="2"{}/>').format(
        f"{x:.1f}",
        f"{y + 19:.1f}",
        f"{wide:.1f}",
        colour,
        Markup("") if value >= 0 else Markup(' stroke-dasharray="3 2"'),
    )
    return ground + line


def _legend(most: float, unit: str) -> list[Markup]:
    parts = [_text(0, 12, f"added to the {shorten(unit, 55)}", _QUIET)]
    for place, share in enumerate((-1.0, -0.5, 0.0, 0.5, 1.0)):
        label = decimal(share * most, _places(most))
        parts.append(_ground(place * 92.0, 18.0, 88.0, share, abs(share)))
        parts.append(_text(place * 92.0 + 4, 31, label))
    parts.append(_text(0, 52, "solid line adds, broken line takes away", _QUIET))
    return parts


def _places(most: float) -> int:
    """Decimals by which the largest value has two digits or more."""
    places = 2
    while most < 10.0 ** (1 - places) and places < 6:  # noqa: PLR2004
        places += 1
    return places


def layer_strips(
    layers: Sequence[Sequence[float]],
    rolled: Sequence[float],
    entropy: Sequence[Sequence[float]],
) -> Markup:
    """A strip for each layer, dark where its heads look, and one for rollout.

    Beside each strip a dot for each head: at the left it looks at one token, at the
    right at all alike.
    """
    parts = [
        _text(0, 12, "layer", _QUIET),
        _text(_STRIP_LEFT, 12, "tokens, dark where looked at", _QUIET),
        _text(_HEADS, 12, "heads: one .. all", _QUIET),
    ]
    for place, strip in enumerate((*layers, rolled)):
        y = 20.0 + place * (_STRIP + 5)
        name = f"{place + 1}" if place < len(layers) else "rollout"
        parts.append(_text(0, y + 10, name))
        parts += _cells(strip, y)
        if place < len(layers):
            parts += _heads(entropy[place], y)
    height = 24.0 + (len(layers) + 1) * (_STRIP + 5)
    told = f"Attention in {len(layers)} layers and by rollout, token by token"
    return _picture(height, told, parts)


def _cells(strip: Sequence[float], y: float) -> list[Markup]:
    """One path for each of a few levels of darkness."""
    most, step = max(strip, default=0.0) or 1.0, _STRIP_WIDTH / max(len(strip), 1)
    paths: dict[int, list[str]] = {}
    for place, value in enumerate(strip):
        level = round(_LEVELS * value / most)
        if level:
            x = _STRIP_LEFT + place * step
            paths.setdefault(level, []).append(f"M{x:.1f} {y:.1f}v{_STRIP:.0f}")
    frame = Markup(
        '<rect x="{}" y="{}" width="{}" height="{}" fill="none" stroke="#c9cdd0"/>'
    ).format(_STRIP_LEFT, f"{y:.1f}", _STRIP_WIDTH, _STRIP)
    # A stroke from the middle of each cell is shorter to write than a rectangle.
    drawn = Markup(
        '<path transform="translate({} 0)" d="{}" stroke="{}" stroke-width="{}" '
        'stroke-opacity="{}"/>'
    )
    return [
        frame,
        *(
            drawn.format(
                f"{step / 2:.2f}",
                "".join(path),
                ADDS,
                f"{step:.2f}",
                f"{level / _LEVELS:.2f}",
            )
            for level, path in sorted(paths.items())
        ),
    ]


def _heads(entropy: Sequence[float], y: float) -> list[Markup]:
    dot = Markup('<circle cx="{}" cy="{}" r="2.5" fill="{}" fill-opacity="0.7"/>')
    line = Markup('<path d="M{} {}h{}" stroke="#c9cdd0"/>').format(
        _HEADS, f"{y + 6:.1f}", _HEADS_WIDTH
    )
    dots = [
        dot.format(f"{_HEADS + _HEADS_WIDTH * share:.1f}", f"{y + 6:.1f}", TAKES)
        for share in entropy
    ]
    return [line, *dots]


def gap_chart(rows: Sequence[tuple[str, Mean]], unit: str) -> Markup:
    """A dot for each mean and a line for its interval, on both sides of zero."""
    ends = [
        abs(end)
        for _, one in rows
        for end in (one.value, one.low, one.high)
        if end is not None
    ]
    most, middle, half = max(ends, default=0.0) or 1.0, 370.0, 120.0
    parts = [_text(0, 12, f"moves the {shorten(unit, 60)} by", _QUIET)]
    bottom = 24.0 + 22 * len(rows)
    for share in (-1.0, 0.0, 1.0):
        x = middle + share * half
        stroke = _QUIET if share == 0 else "#c9cdd0"
        line = Markup('<path d="M{} 20V{}" stroke="{}"/>')
        parts.append(line.format(f"{x:.1f}", f"{bottom:.1f}", stroke))
        label = decimal(share * most, _places(most))
        parts.append(_text(x - 20, bottom + 14, label, _QUIET))
    for place, (name, one) in enumerate(rows):
        y = 34.0 + 22 * place
        parts.append(_text(0, y + 4, shorten(visible(name), 30)))
        parts.append(_whisker(one, y, middle, half / most))
        parts.append(_text(520, y + 4, f"n {one.count}", _QUIET))
    return _picture(bottom + 20, f"How far swaps move the {unit}", parts)


def _whisker(one: Mean, y: float, middle: float, scale: float) -> Markup:
    low = one.value if one.low is None else one.low
    high = one.value if one.high is None else one.high
    line = Markup('<path d="M{} {}H{}" stroke="{}" stroke-width="2"/>').format(
        f"{middle + low * scale:.1f}", f"{y:.1f}", f"{middle + high * scale:.1f}", ADDS
    )
    dot = Markup('<circle cx="{}" cy="{}" r="4" fill="{}"/>')
    return line + dot.format(f"{middle + one.value * scale:.1f}", f"{y:.1f}", ADDS)


def _text(x: float, y: float, text: str, fill: str = _INK) -> Markup:
    return Markup('<text x="{}" y="{}" fill="{}">{}</text>').format(
        f"{x:.1f}", f"{y:.1f}", fill, visible(text)
    )


def _picture(height: float, title: str, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg viewBox="-6 -4 {} {}" role="img" font-family="{}" font-size="{}">'
        "<title>{}</title>"
        '<rect x="-6" y="-4" width="100%" height="100%" fill="{}"/>{}</svg>'
    ).format(
        WIDTH + 12,
        f"{height + 8:.0f}",
        _FONT,
        _SIZE,
        visible(title),
        _PAPER,
        Markup().join(parts),
    )

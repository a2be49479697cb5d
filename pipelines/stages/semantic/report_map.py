"""A map of what the corpus is about: a circle a cluster, before and after cleaning."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from isinglass.pipelines.report.svg import WIDTH, picture, text_at
from isinglass.pipelines.report.text import grouped, shorten, visible

NAMED = 10
"""Clusters that get a number on the map and a line in its key."""

_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
"""Told apart with any kind of colour vision, on white and on black (Okabe and Ito,
Color Universal Design, 2008)."""

_OTHER = "#8a929a"
_SIDE = 290.0
_LEFT = (WIDTH - _SIDE) / 2
_LINE = 20.0
_WORDS = 3
_LEAST_NUMBER = 8.0
_EM = 13.0


@dataclass(frozen=True)
class Circle:
    """One cluster on the map.

    Places, from the left and the top, and the radius are in sides of the map, 0 to 1;
    the area is in proportion to the documents before cleaning, where duplicates count
    with what was kept. The first term tells most; the source is where most of its
    documents come from, empty where unknown.
    """

    x: float
    y: float
    radius: float
    before: int
    after: int
    terms: tuple[str, ...] = ()
    source: str = ""


def cluster_map(circles: Sequence[Circle]) -> Markup:
    """Discs after cleaning inside rings before; the largest have the key's numbers.

    The title and the description of the `<svg>` say the key in words. The order of the
    circles does not matter.
    """
    ranked, named = _ranked(circles)
    colours = _colours(ranked)
    parts = [_circle(one, colours.get(one.source, _OTHER)) for one in ranked]
    parts += [_number(place, one) for place, one in enumerate(named, 1)]
    title, told = _describe(ranked, named)
    description = Markup("<desc>{}</desc>").format(visible(shorten(told, 2000)))
    return picture(_SIDE + 4, title, [description, *parts], 2000)


def cluster_key(circles: Sequence[Circle]) -> Markup:
    """The words of the largest clusters, by number, and the colours of the sources."""
    ranked, named = _ranked(circles)
    colours = _colours(ranked)
    parts: list[Markup] = []
    y = 14.0
    for place, one in enumerate(named, 1):
        parts += _key_line(y, place, one, colours.get(one.source, _OTHER))
        y += _LINE
    legend, bottom = _legend(y + 4.0, colours, ranked)
    said = "; ".join(f"{place}: {_words(one)}" for place, one in enumerate(named, 1))
    return picture(bottom, f"Key to the clusters: {said}", [*parts, *legend], 2000)


def _ranked(circles: Sequence[Circle]) -> tuple[list[Circle], list[Circle]]:
    """All clusters, the largest first, and those that are named."""
    ranked = sorted(circles, key=lambda one: (-one.before, one.terms, one.x, one.y))
    return ranked, ranked[:NAMED]


def _colours(ranked: Sequence[Circle]) -> dict[str, str]:
    """A colour for each of the sources with the most documents."""
    totals: Counter[str] = Counter()
    for one in ranked:
        if one.source:
            totals[one.source] += one.before
    largest = sorted(totals, key=lambda source: (-totals[source], source))
    return dict(zip(largest, _COLOURS, strict=False))


def _circle(one: Circle, colour: str) -> Markup:
    """A disc as large as what was kept, inside a ring as large as what came in."""
    kept = one.after / one.before if one.before else 0.0
    radius = one.radius * _SIDE
    hover = f"{_words(one)}: {grouped(one.before)} → {grouped(one.after)} documents"
    return Markup(
        '<g fill="{0}" stroke="{0}"><title>{1}</title>'
        '<circle cx="{2:.1f}" cy="{3:.1f}" r="{4:.2f}" fill-opacity="0.42" '
        'stroke="none"/><circle cx="{2:.1f}" cy="{3:.1f}" r="{5:.2f}" fill="none" '
        'stroke-width="1.3"/></g>'
    ).format(
        colour,
        visible(shorten(hover, 200)),
        _LEFT + one.x * _SIDE,
        one.y * _SIDE,
        radius * math.sqrt(min(kept, 1.0)),
        radius,
    )


def _number(place: int, one: Circle) -> Markup:
    """The number of a cluster in its circle, or beside one that is too small."""
    x, y, radius = _LEFT + one.x * _SIDE, one.y * _SIDE, one.radius * _SIDE
    if radius < _LEAST_NUMBER:
        x += -radius - 8 if x > WIDTH / 2 else radius + 8
    return text_at(x, y + 4.5, str(place), "strong middle")


def _key_line(y: float, place: int, one: Circle, colour: str) -> list[Markup]:
    number = f"{grouped(one.before)} → {grouped(one.after)}"
    room = WIDTH - 41.0 - _width(number) - 14.0
    dot = Markup('<circle cx="29" cy="{:.1f}" r="4.5" fill="{}"/>').format(
        y - 4.5, colour
    )
    return [
        text_at(19, y, str(place), "strong end"),
        dot,
        text_at(41, y, _fit(_words(one), room), ""),
        text_at(WIDTH, y, number, "quiet end"),
    ]


def _legend(
    top: float, colours: dict[str, str], drawn: Sequence[Circle]
) -> tuple[list[Markup], float]:
    """Two columns of sources, and where they end."""
    entries = list(colours.items())
    if any(one.source not in colours for one in drawn):
        entries.append(("other sources" if colours else "all sources", _OTHER))
    parts = []
    column = WIDTH / 2
    for index, (source, colour) in enumerate(entries):
        x, y = (index % 2) * column, top + (index // 2) * _LINE + 10
        parts.append(
            Markup(
                '<rect x="{:.1f}" y="{:.1f}" width="11" height="11" fill="{}" '
                'fill-opacity="0.6"/>'
            ).format(x, y - 9.5, colour)
        )
        parts.append(text_at(x + 18, y, _fit(visible(source), column - 28), "quiet"))
    return parts, top + (len(entries) + 1) // 2 * _LINE


def _describe(ranked: Sequence[Circle], named: Sequence[Circle]) -> tuple[str, str]:
    before = sum(one.before for one in ranked)
    after = sum(one.after for one in ranked)
    title = (
        f"{grouped(len(ranked))} clusters: {grouped(before)} documents before "
        f"cleaning, {grouped(after)} after"
    )
    listed = "; ".join(
        f"{place}: {_words(one)}, {grouped(one.before)} to {grouped(one.after)}"
        for place, one in enumerate(named, 1)
    )
    return title, f"The largest clusters, before to after cleaning: {listed}"


def _words(one: Circle) -> str:
    """What a cluster is called."""
    return visible(", ".join(one.terms[:_WORDS])) or "no telling words"


def _fit(text: str, room: float) -> str:
    """As much of a text as goes into `room` units."""
    if _width(text) <= room:
        return text
    kept = text[:200]
    while kept and _width(kept) + _EM > room:
        kept = kept[:-1]
    return kept.rstrip(" ,") + "…"


def _width(text: str) -> float:
    """A text's width, rather too much: 0.56 em a letter, wide scripts a whole one."""
    return sum(_EM * (0.56 if ord(letter) < 0x1100 else 1.05) for letter in text)  # noqa: PLR2004 - Hangul and what follows is wide

"""Where characters of a composed text (NFC) stand in the text as it was."""

from __future__ import annotations

import unicodedata

import numpy as np

from isinglass.schemas.arrays import Integers

PIECE = 1 << 20
"""Code points of a text that are looked at together, to bound the memory."""

_JAMO = (("\u1161", "\u1175"), ("\u11a8", "\u11c2"))
"""Letters of Hangul that are composed with what is before them."""


def before_composition(
    text: str, starts: Integers, stops: Integers, piece: int = PIECE
) -> tuple[Integers, Integers]:
    """Places in a text, by the places in its composed form, all in code points.

    A place that is within a composed character takes in the whole of it.
    """
    first, last = np.zeros_like(starts), np.zeros_like(stops)
    begin = reached = 0
    while begin < len(text):
        end = min(begin + piece, len(text))
        while end < len(text) and _joins(text[end]):
            end += 1
        bounds, composed = _parts(text[begin:end])
        bounds, composed = bounds + begin, composed + reached
        inside = (composed[0] <= starts) & (starts < composed[-1])
        place = np.searchsorted(composed, starts[inside], side="right") - 1
        first[inside] = bounds[place]
        inside = (composed[0] < stops) & (stops <= composed[-1])
        last[inside] = bounds[np.searchsorted(composed, stops[inside], side="left")]
        begin, reached = end, int(composed[-1])
    return first, last


def _parts(text: str) -> tuple[Integers, Integers]:
    """Where parts that are composed each by itself begin, before and after it.

    The last entries are the end.
    """
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    distinct, which = np.unique(points, return_inverse=True)
    letters = [chr(point) for point in distinct.tolist()]
    joins = np.array([_joins(letter) for letter in letters], np.bool_)[which]
    single = np.array([len(_composed(letter)) for letter in letters], np.int64)[which]
    joins[0] = False
    begins = np.flatnonzero(~joins)
    bounds = np.append(begins, len(points)).astype(np.int64)
    lengths = np.diff(bounds)
    composed = single[begins]
    for place in np.flatnonzero(lengths > 1).tolist():
        part = text[bounds[place] : bounds[place + 1]]
        composed[place] = len(_composed(part))
    return bounds, np.append(0, np.cumsum(composed))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _joins(letter: str) -> bool:
    """Whether it may be composed with what is before it."""
    jamo = any(first <= letter <= last for first, last in _JAMO)
    return jamo or unicodedata.category(letter).startswith("M")

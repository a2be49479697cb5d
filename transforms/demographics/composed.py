"""Where characters of a composed text (NFC) stand in the text as it was."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers

_JAMO = (("\u1161", "\u1175"), ("\u11a8", "\u11c2"))
"""Letters of Hangul that are composed with what is before them."""


def before_composition(
    text: str, starts: Integers, stops: Integers
) -> tuple[Integers, Integers]:
    """Places in a text, by the places in its composed form, all in code points.

    A place that is within a composed character takes in the whole of it.
    """
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    distinct, which = np.unique(points, return_inverse=True)
    letters = [chr(point) for point in distinct.tolist()]
    joins = np.array([_joins(letter) for letter in letters], np.bool_)[which]
    single = np.array([len(_composed(letter)) for letter in letters], np.int64)[which]
    bounds = _bounds(joins)
    begins, lengths = bounds[:-1], np.diff(bounds)
    composed = np.where(lengths == 1, single[begins], lengths)
    for place in np.flatnonzero(lengths > 1).tolist():
        part = text[bounds[place] : bounds[place + 1]]
        composed[place] = len(_composed(part))
    reached = np.append(0, np.cumsum(composed))
    first = np.searchsorted(reached, starts, side="right") - 1
    last = np.searchsorted(reached, stops, side="left")
    return bounds[first], bounds[last]


def _bounds(joins: NDArray[np.bool_]) -> Integers:
    """Where parts begin that are composed each by itself, and the end."""
    begins = np.flatnonzero(~joins)
    return np.unique(np.concatenate([[0], begins, [len(joins)]])).astype(np.int64)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _joins(letter: str) -> bool:
    """Whether it may be composed with what is before it."""
    jamo = any(first <= letter <= last for first, last in _JAMO)
    return jamo or unicodedata.category(letter).startswith("M")

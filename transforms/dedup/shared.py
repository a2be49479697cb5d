"""Which words of two texts are shared: those in a shingle that both texts have.

The texts are given as they are in the input; they are compared as a run compares
them, normalised and cut into shingles of words or characters. What is shared is told
as spans of code points of the texts as given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from isinglass.transforms.dedup.shingles import (
    CHARACTER_UNIT,
    WORD_UNIT,
    shingle,
)
from isinglass.transforms.folding import fold
from isinglass.transforms.normalise import normalise
from isinglass.transforms.text import content_hashes
from isinglass.transforms.units import unit_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.schemas.config.normalise import NormaliseConfig
    from isinglass.transforms.folding import Folded

ComparedBy = Literal["words", "characters", "whole_text"]


@dataclass(frozen=True)
class Piece:
    """A stretch of a text.

    Attributes:
        text: As in the input; the pieces of a text join to it.
        shared: Whether the other text has it too.
    """

    text: str
    shared: bool


@dataclass(frozen=True, eq=False)
class Side:
    """One of two compared texts, in units: words, or characters of unspaced scripts.

    A text without any word is one unit.

    Attributes:
        text: As in the input.
        compared_by: What its shingles are made of; `whole_text` where it has none
            (its units are words then).
        starts: int64, shape (n,): code point of the text where each unit begins.
        stops: int64, shape (n,): one past its end.
        keys: uint64, shape (n,): hash of each normalised unit.
        shared: bool, shape (n,): whether the other text has a shingle with this unit.
        shingles: Number of distinct shingles.
    """

    text: str
    compared_by: ComparedBy
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    keys: NDArray[np.uint64]
    shared: NDArray[np.bool_]
    shingles: int


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two texts and what they share.

    Attributes:
        left: One text.
        right: The other.
        equal: Whether the normalised texts are equal.
        common: Number of distinct shingles that both have.
        ngram: Units in a shingle.
    """

    left: Side
    right: Side
    equal: bool
    common: int
    ngram: int

    @property
    def union(self) -> int:
        """Number of distinct shingles that at least one text has."""
        return self.left.shingles + self.right.shingles - self.common

    @property
    def jaccard(self) -> float:
        """Shared part of all shingles, 0..1; of texts without any, 1 if equal."""
        return self.common / self.union if self.union else float(self.equal)

    @property
    def containment(self) -> float:
        """Part of the left text's shingles that the right has too, 0..1."""
        if not self.left.shingles:
            return float(self.equal)
        return self.common / self.left.shingles


class _Units(NamedTuple):
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    keys: NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class _Cut:
    """A text cut into units and shingles."""

    compared_by: ComparedBy
    units: _Units
    shingles: NDArray[np.uint64]
    normalised: str


def compare(left: str, right: str, ngram: int, config: NormaliseConfig) -> Comparison:
    """Find what two texts share.

    Args:
        left: A text as in the input; valid Unicode without surrogates.
        right: Another.
        ngram: Units in a shingle, at least 1.
        config: How the run normalises texts.

    Returns:
        A unit is shared if it lies in at least one shingle that the other text has.
        Of texts without shingles, all is shared if they are equal once normalised,
        else nothing.

    Raises:
        ValueError: If `ngram` is less than 1.
    """
    one, other = _cut(left, ngram, config), _cut(right, ngram, config)
    equal = one.normalised == other.normalised
    distinct, others = np.unique(one.shingles), np.unique(other.shingles)
    common = np.intersect1d(distinct, others, assume_unique=True)
    return Comparison(
        _side(left, one, _covered(one, common, ngram, equal=equal), len(distinct)),
        _side(right, other, _covered(other, common, ngram, equal=equal), len(others)),
        equal,
        len(common),
        ngram,
    )


def pieces(side: Side) -> list[Piece]:
    """Cut a text where shared and other units meet.

    What lies between two units belongs to the shared one of them, or to both alike.
    """
    edges, states = _edges(side)
    found: list[Piece] = []
    for start, stop, shared in zip(edges[:-1], edges[1:], states, strict=True):
        if start < stop or not side.text:
            found.append(Piece(side.text[start:stop], shared))
    return found


def _edges(side: Side) -> tuple[list[int], list[bool]]:
    turns = np.flatnonzero(side.shared[1:] != side.shared[:-1])
    # From shared to other at the begin of the other, and back at the other's end.
    inner = np.where(side.shared[turns], side.starts[turns + 1], side.stops[turns])
    inner = np.maximum.accumulate(inner)
    first = bool(side.shared[0])
    states = [first ^ bool(i % 2) for i in range(len(turns) + 1)]
    return [0, *inner.tolist(), len(side.text)], states


def _side(text: str, cut: _Cut, shared: NDArray[np.bool_], shingles: int) -> Side:
    return Side(text, cut.compared_by, *cut.units, shared, shingles)


def _cut(text: str, ngram: int, config: NormaliseConfig) -> _Cut:
    normalised = normalise(pa.array([text], pa.string()), config)
    shingles = shingle(normalised, ngram)
    keys = shingle(normalised, 1)
    by_character = keys.unit[0] == CHARACTER_UNIT
    starts, stops = _spans(fold(text, config), by_character=bool(by_character))
    # The spans and the run's own shingles must speak of the same units.
    assert len(starts) == len(keys.values)
    units = _Units(starts, stops, keys.values)
    if not len(starts):
        whole = np.array([0]), np.array([len(text)])
        units = _Units(*whole, content_hashes(normalised)[:, 0])
    compared_by: ComparedBy = "whole_text"
    if shingles.unit[0] == WORD_UNIT:
        compared_by = "words"
    elif shingles.unit[0] == CHARACTER_UNIT:
        compared_by = "characters"
    return _Cut(compared_by, units, shingles.values, normalised[0].as_py())


def _spans(
    folded: Folded, *, by_character: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    text = folded.codes.astype("<u4").tobytes().decode("utf-32-le")
    spans, _ = unit_spans(pa.array([text], pa.string()), np.array([by_character]))
    return folded.starts[spans[:, 0]], folded.stops[spans[:, 1] - 1]


def _covered(
    cut: _Cut, common: NDArray[np.uint64], ngram: int, *, equal: bool
) -> NDArray[np.bool_]:
    """Tell which units lie in a shingle of `common`."""
    units = len(cut.units.starts)
    if not len(cut.shingles):
        return np.full(units, equal)
    hits = np.isin(cut.shingles, common).astype(np.int64)
    change = np.zeros(units + 1, np.int64)
    change[: len(hits)] += hits
    change[ngram : ngram + len(hits)] -= hits
    covered: NDArray[np.bool_] = np.cumsum(change)[:units] > 0
    return covered

"""Which words of two texts are shared: those in a shingle that both texts have.

The texts are given as they are in the input; they are compared as a run compares
them, normalised and cut into shingles of words or characters. What is shared is told
as spans of code points of the texts as given.

`transforms.folded` says where each normalised character was; white space is part of no
shingle.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from isinglass.schemas.arrays import Flags, Integers, Words
from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.dedup.shingles import COMPARED_BY, shingle
from isinglass.transforms.folded import fold
from isinglass.transforms.normalise import normalise
from isinglass.transforms.text import content_hashes
from isinglass.transforms.units import unit_counts, unit_spans


class Piece(NamedTuple):
    """A stretch of a text as in the input, and whether the other text has it too."""

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
    compared_by: str
    starts: Integers
    stops: Integers
    keys: Words
    shared: Flags
    shingles: int


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two texts and what they share.

    They are `equal` if normalised they are; `common` counts distinct shingles of so
    many units that both have.
    """

    left: Side
    right: Side
    equal: bool
    common: int
    ngram: int

    @property
    def units(self) -> str:
        """What its shingles are made of: words, characters, or both in mixed texts."""
        texts = pa.array([self.left.text, self.right.text], pa.string())
        total, unspaced = unit_counts(texts).sum(axis=0)
        if not unspaced:
            return "words"
        return "characters" if unspaced == total else "words and characters"

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


def compare(left: str, right: str, ngram: int, config: NormaliseConfig) -> Comparison:
    """Find what two texts, valid Unicode without surrogates, share.

    A unit is shared if it lies in at least one shingle that the other text has. Of
    texts without shingles, all is shared if they are equal once normalised, else
    nothing.
    """
    texts = (left, right)
    normalised = normalise(pa.array(texts, pa.string()), config)
    equal = normalised[0] == normalised[1]
    found = shingle(normalised, ngram)
    both = [found.values[start:stop] for start, stop in pairwise(found.offsets)]
    common = np.intersect1d(both[0], both[1])
    sides = []
    for row, (text, shingles) in enumerate(zip(texts, both, strict=True)):
        starts, stops, keys = _units(text, normalised.slice(row, 1), config)
        shared = np.full(len(keys), equal)
        if len(shingles):
            # Units from the first shingle of `common` on, for as long as one lasts.
            hits = np.isin(shingles, common).astype(np.int64)
            change = np.append(hits, np.zeros(ngram, np.int64))
            change[ngram:] -= hits
            shared = np.cumsum(change)[:-1] > 0
        told = COMPARED_BY[found.unit[row]]
        count = len(np.unique(shingles))
        sides.append(Side(text, told, starts, stops, keys, shared, count))
    return Comparison(sides[0], sides[1], equal, len(common), ngram)


def pieces(side: Side) -> list[Piece]:
    """Cut a text where shared and other units meet.

    What lies between two units belongs to the shared one of them, or to both alike.
    """
    turns = np.flatnonzero(side.shared[1:] != side.shared[:-1])
    # From shared to other at the begin of the other, and back at the other's end.
    inner = np.where(side.shared[turns], side.starts[turns + 1], side.stops[turns])
    inner = np.maximum.accumulate(inner)
    shared = bool(side.shared[0])
    found: list[Piece] = []
    for start, stop in pairwise([0, *inner.tolist(), len(side.text)]):
        if start < stop or not side.text:
            found.append(Piece(side.text[start:stop], shared))
        shared = not shared
    return found


def _units(
    text: str, normalised: pa.StringArray, config: NormaliseConfig
) -> tuple[Integers, Integers, Words]:
    """Where each unit of a text begins and ends, and its key."""
    units, folded = shingle(normalised, 1), fold(text, config)
    again = folded.codes.astype("<u4").tobytes().decode("utf-32-le")
    spans, _ = unit_spans(pa.array([again], pa.string()))
    # The spans and the run's own shingles must speak of the same units.
    assert len(spans) == len(units.values)
    if not len(spans):
        return np.array([0]), np.array([len(text)]), content_hashes(normalised)[:, 0]
    return folded.starts[spans[:, 0]], folded.stops[spans[:, 1] - 1], units.values

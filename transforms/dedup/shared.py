"""Which words of two texts are shared: those in a shingle that both texts have.

The texts are given as they are in the input; they are compared as a run compares
them, normalised and cut into shingles of words or characters. What is shared is told
as spans of code points of the texts as given.

`transforms.normalise` says what a text is compared as, and forgets where its characters
were. Here it is asked cluster by cluster. A cluster is a character and all that follows
it that may join to what stands before; nothing composes across the border of two of
them (Unicode Standard Annex 15, section 9). White space stays as it is: it is part of
no shingle.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.arrays import Flags, Integers, Words
from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.characters import FORMAT, class_table
from isinglass.transforms.dedup.shingles import COMPARED_BY, shingle
from isinglass.transforms.normalise import DIGIT, composing_table, fold_table, normalise
from isinglass.transforms.text import content_hashes, string_buffers
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


@dataclass(frozen=True, eq=False)
class Folded:
    """Normalised characters; all arrays of shape (n,).

    Attributes:
        codes: int64, code points.
        starts: int64, code point of the given text where each comes from.
        stops: int64, one past its end. Characters that come from one cluster have
            the same span if it has more or fewer of them.
    """

    codes: Integers
    starts: Integers
    stops: Integers


def fold(text: str, config: NormaliseConfig) -> Folded:
    """Normalise a text, valid Unicode, and keep the places of its characters."""
    codes = _code_points(text)
    heads = np.flatnonzero(~_joining(codes, config))
    edges = np.append(heads, len(codes))
    widths = 1 + (codes >= 0x80) + (codes >= 0x800) + (codes >= 0x10000)  # noqa: PLR2004
    offsets = np.append(0, np.cumsum(widths))[edges].astype(np.int32)
    buffers = pa.py_buffer(offsets), pa.py_buffer(text.encode())
    clusters = pa.StringArray.from_buffers(len(heads), *buffers)
    kept = config.model_copy(update={"white_space": False})
    normalised = normalise(clusters, kept)
    counts = pc.utf8_length(normalised).to_numpy()
    first = np.repeat(heads, counts)
    within = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
    apart = np.repeat(counts == np.diff(edges), counts)
    starts = np.where(apart, first + within, first)
    stops = np.where(apart, starts + 1, np.repeat(edges[1:], counts))
    data, bounds = string_buffers(normalised)
    return Folded(_code_points(data[: bounds[-1]].tobytes().decode()), starts, stops)


def _code_points(text: str) -> Integers:
    return np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.int64)


def _joining(codes: Integers, config: NormaliseConfig) -> Flags:
    """Tell which characters belong to the cluster of the one before."""
    joins = np.zeros(len(codes), np.bool_)
    if config.nfc:
        # By how they decompose.
        marks = composing_table()[codes] != 0
        distinct, places = np.unique(codes[marks], return_inverse=True)
        first = [ord(unicodedata.normalize("NFD", chr(code))[0]) for code in distinct]
        joins[marks] = composing_table()[np.array(first, np.int64)][places] != 0
        # They become nothing, and what stands around them may compose.
        joins |= class_table()[codes] == FORMAT
    if config.numbers:
        digits = fold_table(numbers=True)[codes] == DIGIT
        joins[1:] |= digits[1:] & digits[:-1]
    joins[:1] = False
    return joins

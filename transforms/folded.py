"""Texts in normal form, and where each of their characters comes from.

A text is normalised in clusters: a character that begins one, with all that follows it
that may join to what stands before; nothing composes across the border of two of them
(Unicode Standard Annex 15, section 9). White space stays as it is.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.arrays import Flags, Integers
from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.characters import FORMAT, class_table
from isinglass.transforms.normalise import DIGIT, composing_table, fold_table, normalise
from isinglass.transforms.text import string_buffers


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

"""Shingles: the n-grams whose sets say how alike two documents are.

A shingle is `ngram` consecutive units: words, or characters of scripts that put no
spaces between words (see `units`). White space, punctuation and symbols never count, so
that documents which differ in nothing else have equal shingle sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.characters import class_table
from isinglass.transforms.compiled import njit
from isinglass.transforms.text import string_buffers
from isinglass.transforms.units import cut_units, mix

NO_UNIT, WORD_UNIT, CHARACTER_UNIT = 0, 1, 2
COMPARED_BY = ("whole_text", "words", "characters")
"""What documents whose units are mostly of this kind are compared by."""

# Odd and 3 modulo 8, so that powers less one share few factors of two with 2**64.
_RADIX = np.uint64(0x9E3779B97F4A7C1B)


@dataclass(frozen=True, eq=False)
class Shingles:
    """Hashed shingles of a batch of documents.

    Attributes:
        values: Shingle hashes of all documents, one document after the other.
        offsets: Shape (n + 1,); document i owns `values[offsets[i]:offsets[i + 1]]`.
        unit: Shape (n,): 0 no shingles (too short), 1 most units are words, 2 most
            are characters of unspaced scripts.
    """

    values: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    unit: NDArray[np.uint8]


@njit(nogil=True)
def _roll(units: Any, ngram: Any, out: Any, size: Any) -> Any:
    """Append the hash of every window of `ngram` units; returns the new size.

    The window's hash is a polynomial in its units' hashes, carried from one window
    to the next (Karp and Rabin 1987, section 2, modulo 2**64), then mixed.
    """
    if units.size < ngram:
        return size
    power = np.uint64(1)
    rolling = np.uint64(0)
    for index in range(ngram):
        power *= _RADIX
        rolling = rolling * _RADIX + units[index]
    out[size] = mix(rolling)
    size += 1
    for index in range(ngram, units.size):
        rolling = rolling * _RADIX + units[index] - units[index - ngram] * power
        out[size] = mix(rolling)
        size += 1
    return size


@njit(nogil=True)
def _shingle_rows(
    data: Any, offsets: Any, classes: Any, ngram: Any, out: Any, ends: Any, unit: Any
) -> None:
    longest = np.int64(0)
    for row in range(offsets.size - 1):
        longest = max(longest, np.int64(offsets[row + 1] - offsets[row]))
    # At most every other byte ends a unit, and one more is written than counts.
    units = np.empty(longest // 2 + 2, np.uint64)
    size = np.int64(0)
    for row in range(offsets.size - 1):
        start, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        count, unspaced = cut_units(data, start, stop, classes, units)
        size = _roll(units[:count], ngram, out, size)
        ends[row + 1] = size
        if size > ends[row]:
            unit[row] = CHARACTER_UNIT if 2 * unspaced > count else WORD_UNIT


def shingle(normalised: pa.StringArray, ngram: int) -> Shingles:
    """Hash the shingles of each normalised text, in order and with repeats.

    A document of w units has max(0, w - ngram + 1) shingles.

    Raises:
        ValueError: If `ngram` is less than 1 or a text is null.
    """
    if ngram < 1:
        raise ValueError(f"ngram is {ngram}; a shingle has at least 1 word")
    data, offsets = string_buffers(normalised)
    rows = len(normalised)
    # At most every other byte ends a unit.
    capacity = (int(offsets[-1]) - int(offsets[0]) + rows) // 2
    values = np.empty(capacity, np.uint64)
    ends = np.zeros(rows + 1, np.int64)
    unit = np.zeros(rows, np.uint8)
    _shingle_rows(data, offsets, class_table(), ngram, values, ends, unit)
    return Shingles(values=values[: ends[-1]], offsets=ends, unit=unit)


def shingle_sets(normalised: pa.StringArray, ngram: int) -> Shingles:
    """As `shingle`, for exact comparison: values strictly ascend in each document."""
    raw = shingle(normalised, ngram)
    values, offsets = raw.values, raw.offsets
    # One call of numpy's vectorised sort a document beats any compiled scalar sort.
    for start, stop in pairwise(offsets.tolist()):
        values[start:stop].sort()
    first = np.append(True, values[1:] != values[:-1])[: len(values)]
    first[offsets[:-1][np.diff(offsets) > 0]] = True
    ends = np.append(0, np.cumsum(first))[offsets]
    return Shingles(values=values[first], offsets=ends, unit=raw.unit)

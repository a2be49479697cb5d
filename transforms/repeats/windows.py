"""Verbatim repeats: stretches of words that occur twice, in one document or in two.

A window is `words` consecutive words (characters in documents written mostly without
spaces between words; see `units`). Texts are compared normalised, and what stands
between two words does not count. A window is repeated when its hash occurs twice; the
characters of a document that lie in a repeated window are its repeated characters. So
the least repeat is `words` words, and a longer one is covered from its first word to
its last.

The windows of a sample of documents are kept and all documents are searched for them.
Two different windows have the same hash with probability 2**-64: among 10**6 sampled
windows and a corpus of 10**10 words, about one in 2,000 such searches meets one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers, Words
from isinglass.transforms.compiled import njit
from isinglass.transforms.dedup.shingles import shingle
from isinglass.transforms.units import unit_spans

KINDS = ("any", "within", "across")
"""A window occurs again anywhere; in its own document; in another document."""

_TWICE = 2
_BITS = 64


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of a batch of documents, in the order of the text.

    Attributes:
        hashes: uint64 (w,), of all documents, one document after the other.
        spans: int32 (w, 2), code points of the normalised text: first of the first
            word, one past the last of the last word.
        offsets: int64 (n + 1,); document i owns windows `offsets[i]:offsets[i + 1]`.
        characters: int64 (n,), code points from the first word of a document to its
            last, also where it is too short for a window.
    """

    hashes: Words
    spans: NDArray[np.int32]
    offsets: Integers
    characters: Integers


def find_windows(normalised: pa.StringArray, words: int) -> Windows:
    """Hash every window of each normalised text and say where it lies."""
    shingles = shingle(normalised, words)
    offsets = shingles.offsets
    places, ends = unit_spans(normalised)
    units = np.diff(ends)
    counts = np.maximum(units - words + 1, 0)
    assert np.array_equal(counts, np.diff(offsets))
    first = np.arange(offsets[-1]) + np.repeat(ends[:-1] - offsets[:-1], counts)
    spans = np.stack([places[first, 0], places[first + words - 1, 1]], axis=1)
    characters = np.zeros(len(units), np.int64)
    some = units > 0
    characters[some] = places[ends[1:][some] - 1, 1] - places[ends[:-1][some], 0]
    return Windows(shingles.values.copy(), spans, offsets, characters)


@dataclass(frozen=True, eq=False)
class Wanted:
    """Window hashes to look for, with a directory by their first bits.

    Attributes:
        hashes: uint64 (w,), strictly ascending.
        directory: int32 or int64; hashes whose first bits are b stand at
            `directory[b]:directory[b + 1]`.
        shift: Bits that do not count for the directory.
    """

    hashes: Words
    directory: NDArray[np.int32] | Integers
    shift: int

    @classmethod
    def build(cls, hashes: Words) -> Wanted:
        """Index hashes that are strictly ascending; 8 to 16 bytes a hash."""
        bits = max(1, int(2 * len(hashes)).bit_length())
        shift = _BITS - bits
        small = len(hashes) < 2**31
        counts = np.bincount(
            (hashes >> np.uint64(shift)).astype(np.int64), minlength=2**bits
        )
        directory = np.zeros(2**bits + 1, np.int32 if small else np.int64)
        np.cumsum(counts, out=directory[1:])
        return cls(hashes, directory, shift)


@njit(nogil=True)
def _count(
    values: Any, offsets: Any, kept: Any, index: Any, shift: Any, counts: Any
) -> None:
    hashes, directory = index
    for row in range(offsets.size - 1):
        stays = np.int64(kept[row])
        for place in range(offsets[row], offsets[row + 1]):
            value = values[place]
            bucket = np.int64(value >> shift)
            for found in range(directory[bucket], directory[bucket + 1]):
                if hashes[found] == value:
                    counts[found, 0] += 1
                    counts[found, 1] += stays


def count_windows(
    normalised: pa.StringArray,
    kept: Flags,
    words: int,
    wanted: Wanted,
    counts: Integers,
) -> None:
    """Add to `counts` how often each wanted window occurs in some normalised texts.

    Its shape is (w, 2): in all documents, and in those that stay in the corpus.
    """
    if len(wanted.hashes) == 0:
        return
    found = shingle(normalised, words)
    index = (wanted.hashes, wanted.directory)
    shift = np.uint64(wanted.shift)
    _count(found.values, found.offsets, kept, index, shift, counts)


def own_occurrences(windows: Windows) -> Integers:
    """How often each window's hash occurs in its own document, at least 1; (w,)."""
    counts = np.zeros(len(windows.hashes), np.int64)
    for row in range(len(windows.characters)):
        begin, end = windows.offsets[row], windows.offsets[row + 1]
        _, inverse, times = np.unique(
            windows.hashes[begin:end], return_inverse=True, return_counts=True
        )
        counts[begin:end] = times[inverse]
    return counts


def covered_characters(windows: Windows, chosen: Flags) -> Integers:
    """Code points of each document that lie in a chosen window, (n,)."""
    rows = np.repeat(np.arange(len(windows.characters)), np.diff(windows.offsets))
    rows, (starts, stops) = rows[chosen], windows.spans[chosen].T.astype(np.int64)
    # What the window before it in the document covers does not count again.
    reach = np.append(0, stops)[:-1] * (rows == np.append(-1, rows)[:-1])
    covered = np.zeros(len(windows.characters), np.int64)
    np.add.at(covered, rows, stops - np.maximum(starts, reach))
    return covered


def repeated_characters(windows: Windows, own: Integers, total: Integers) -> Integers:
    """Repeated code points of each document by kind, shape (n, 3), as in `KINDS`.

    `own` is from `own_occurrences`; `total`, (w,), is how often each window's hash
    occurs in all documents that are searched, the window's own among them.

    Raises:
        ValueError: A window occurs less often in all documents than in its own.
    """
    if (total < own).any():
        raise ValueError("a window was counted less often than its own document has it")
    chosen = {"any": total >= _TWICE, "within": own >= _TWICE, "across": total > own}
    kinds = [covered_characters(windows, chosen[kind]) for kind in KINDS]
    return np.stack(kinds, axis=1)

r"""Exact Jaccard similarity of all pairs of a corpus, by plain means.

Independent of isinglass's own code: Python's `re`, a dictionary of words, exact numbers
for n-grams (no hashing) and sparse matrices. Definitions, as the project documents
them: a word is a maximal run of `\w` and marks of the lower-cased text (NFC); a shingle
is 5 words, or 5 characters of words where most letters belong to scripts without
spaces.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NGRAM = 5
# What the names of their characters begin with in the Unicode Character Database.
UNSPACED = (
    "THAI",
    "LAO",
    "MYANMAR",
    "KHMER",
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "HALFWIDTH KATAKANA",
    "IDEOGRAPHIC",
    "HENTAIGANA",
)


def _is_sign(character: str) -> bool:
    """A mark that belongs to a word; selectors of emoji forms do not."""
    name = unicodedata.name(character, "")
    return (
        unicodedata.category(character)[0] == "M"
        and "VARIATION SELECTOR" not in name
        and name != "COMBINING ENCLOSING KEYCAP"
        and not name.startswith(UNSPACED)
    )


_SIGNS = "".join(filter(_is_sign, map(chr, range(0x110000))))
WORD = re.compile(rf"[\w{_SIGNS}]+")
CHUNK = 4_000_000


def normal_form(text: str) -> str:
    """NFC, lower case code point by code point, white space folded and stripped."""
    text = unicodedata.normalize("NFC", text)
    # `str.lower` has a rule for the last sigma of a word.
    lower = "".join(map(str.lower, text)) if "\u03a3" in text else text.lower()
    return unicodedata.normalize("NFC", " ".join(lower.split()))


@cache
def _is_unspaced(character: str) -> bool:
    return unicodedata.name(character, "").startswith(UNSPACED)


def units(normal: str) -> list[str]:
    """The words of a normal form, or its characters in scripts without spaces."""
    words = WORD.findall(normal)
    if normal.isascii():
        return words
    letters = "".join(words)
    if 2 * sum(map(_is_unspaced, letters)) <= len(letters):
        return words
    # Vowel signs of those scripts are marks, which `\w` leaves out.
    return [c for c in normal if WORD.match(c) or _is_mark(c)]


@cache
def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" and _is_unspaced(character)


def shingle_matrix(forms: Sequence[str], ngram: int = NGRAM) -> sparse.csr_matrix:
    """Which document has which shingle.

    Args:
        forms: Normal forms.
        ngram: Units in a shingle.

    Returns:
        Shape (documents, distinct shingles), int32, 1 where the document has it;
        columns from the rarest shingle to the most frequent.
    """
    number_of: dict[str, int] = {}
    split = [units(form) for form in forms]
    for unit in chain.from_iterable(split):
        number_of.setdefault(unit, len(number_of))
    lengths = np.array([len(one) for one in split])
    flat = np.fromiter(
        (number_of[unit] for unit in chain.from_iterable(split)),
        np.int64,
        int(lengths.sum()),
    )
    document = np.repeat(np.arange(len(forms)), lengths)
    # Number the 2-grams, then the 3-grams from 2-grams and words, and so on.
    grams, size = flat, len(number_of)
    for width in range(2, ngram + 1):
        same = document[width - 1 :] == document[: len(document) - width + 1]
        last = flat[width - 1 :]
        joined = grams[: len(last)] * np.int64(len(number_of) + 1) + last
        # Stretches over two documents get one number that is never used.
        joined[~same] = -1
        distinct, grams = np.unique(joined, return_inverse=True)
        size = len(distinct)
    inside = document[ngram - 1 :] == document[: len(document) - ngram + 1]
    rows = document[: len(inside)][inside]
    columns = grams[inside]
    shape = (len(forms), size)
    matrix = sparse.csr_matrix(
        (np.ones(len(rows), np.int32), (rows, columns)), shape=shape
    )
    matrix.sum_duplicates()
    matrix.data[:] = 1
    frequency = np.bincount(matrix.indices, minlength=size)
    place = np.empty(size, np.int64)
    place[np.argsort(frequency, kind="stable")] = np.arange(size)
    matrix.indices = place[matrix.indices].astype(matrix.indices.dtype)
    matrix.has_sorted_indices = False
    matrix.sort_indices()
    return matrix


def jaccard(matrix: sparse.csr_matrix, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Exact Jaccard similarity of pairs of rows; 0 where either has no shingle."""
    sizes = np.diff(matrix.indptr)
    found = np.zeros(len(pairs))
    step = max(1, CHUNK // max(1, int(sizes.mean()) if len(sizes) else 1))
    for at in range(0, len(pairs), step):
        left, right = pairs[at : at + step].T
        both = matrix[left].multiply(matrix[right]).sum(axis=1)
        both = np.asarray(both, np.int64).ravel()
        either = sizes[left] + sizes[right] - both
        found[at : at + step] = both / np.maximum(either, 1)
    return found


@dataclass(frozen=True)
class Join:
    """All pairs of documents that are alike.

    Attributes:
        pairs: Shape (p, 2), smaller index first, ascending.
        similarity: Shape (p,): exact Jaccard similarity.
        candidates: Pairs that were compared to find them.
    """

    pairs: NDArray[np.int64]
    similarity: NDArray[np.float64]
    candidates: int


def similar_pairs(matrix: sparse.csr_matrix, least: float) -> Join:
    """All pairs of J >= `least`, none left out.

    Sets of J >= t share one of the |x| - ceil(t |x|) + 1 rarest elements of each
    (prefix filter: Chaudhuri, Ganti and Kaushik 2006, lemma 1; Bayardo, Ma and
    Srikant 2007, section 3), so only those are joined, by a product of sparse
    matrices; every pair that shares one is then compared exactly.
    """
    sizes = np.diff(matrix.indptr)
    prefix = np.where(sizes > 0, sizes - np.ceil(least * sizes - 1e-9) + 1, 0)
    rank = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], sizes)
    keep = rank < np.repeat(prefix, sizes)
    rows = np.repeat(np.arange(len(sizes)), sizes)[keep]
    shape = matrix.shape
    data = np.ones(len(rows), np.int32)
    rarest = sparse.csr_matrix((data, (rows, matrix.indices[keep])), shape=shape)
    holders = np.bincount(rarest.indices, minlength=shape[1])
    # An element of one document joins nothing.
    rarest = rarest[:, holders > 1].tocsr()
    return _join(matrix, rarest, sizes, least)


def _join(
    matrix: sparse.csr_matrix, rarest: sparse.csr_matrix, sizes: Any, least: float
) -> Join:
    transposed = rarest.T.tocsr()
    work = np.asarray(rarest @ np.diff(transposed.indptr)).ravel()
    block = np.cumsum(work) // (10 * CHUNK)
    pairs, similarity, compared = [], [], 0
    for number in np.unique(block):
        rows = np.flatnonzero(block == number)
        shared = (rarest[rows] @ transposed).tocoo()
        left, right = rows[shared.row], shared.col.astype(np.int64)
        small = np.minimum(sizes[left], sizes[right])
        fits = (left < right) & (small >= least * np.maximum(sizes[left], sizes[right]))
        found = np.stack([left[fits], right[fits]], axis=1)
        value = jaccard(matrix, found)
        compared += len(found)
        pairs.append(found[value >= least])
        similarity.append(value[value >= least])
    if not pairs:
        return Join(np.empty((0, 2), np.int64), np.empty(0), 0)
    every, values = np.concatenate(pairs), np.concatenate(similarity)
    order = np.lexsort((every[:, 1], every[:, 0]))
    return Join(every[order], values[order], compared)

r"""Shingles: the n-grams whose sets say how alike two documents are.

A shingle is `ngram` consecutive words, a word being a maximal run of Unicode `\w` with
marks (Unicode Technical Standard 18, annex C): the vowel signs of Devanagari, Arabic or
Hebrew tell words apart, which `\w` of Python's `re` leaves out. White space,
punctuation and symbols never count, so that documents which differ in nothing else
have equal shingle sets. In documents written mostly in scripts that put no spaces
between words, a shingle is `ngram` consecutive characters instead.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from isinglass.transforms.text import (
    CODE_POINTS,
    assigned_code_points,
    decode,
    largest_byte,
    string_buffers,
    word_table,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

NO_UNIT, WORD_UNIT, CHARACTER_UNIT = 0, 1, 2

_WORD, _UNSPACED, _MARK = 1, 2, 4
_KEYCAP = "\u20e3"

# Blocks of the scripts that write no spaces between words (Unicode Standard, Blocks.txt
# and Standard Annex 14, classes ID, CJ and SA), first and last code point.
_UNSPACED_BLOCKS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # Han iteration mark, closing mark and zero
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),  # Katakana phonetic extensions
    (0x3400, 0x4DBF),  # Han extension A
    (0x4E00, 0x9FFF),  # Han
    (0xA9E0, 0xA9FF),  # Myanmar extended B
    (0xAA60, 0xAA7F),  # Myanmar extended A
    (0xF900, 0xFAFF),  # Han compatibility
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x1B000, 0x1B16F),  # Kana supplement and extensions
    (0x20000, 0x323AF),  # Han extensions B to H
)

# FNV-1a, 64 bits (RFC 9923, section 5), closed by half a MurmurHash3 finaliser.
_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_FINAL_1 = np.uint64(0xFF51AFD7ED558CCD)
_FINAL_2 = np.uint64(0xC4CEB9FE1A85EC53)
_HALF = np.uint64(33)
# Odd and 3 modulo 8, so that powers less one share few factors of two with 2**64.
_RADIX = np.uint64(0x9E3779B97F4A7C1B)


@dataclass(frozen=True, eq=False)
class Shingles:
    """Hashed shingles of a batch of documents.

    Attributes:
        values: Shingle hashes of all documents, one document after the other.
        offsets: Shape (n + 1,); document i owns `values[offsets[i]:offsets[i + 1]]`.
        unit: Shape (n,): 0 no shingles (too short), 1 word n-grams, 2 character
            n-grams.
    """

    values: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    unit: NDArray[np.uint8]


def _is_sign(character: str) -> bool:
    """A mark that belongs to a word; selectors of emoji forms do not."""
    return (
        unicodedata.category(character)[0] == "M"
        and "VARIATION SELECTOR" not in unicodedata.name(character, "")
        and character != _KEYCAP
    )


@cache
def class_table() -> NDArray[np.uint8]:
    """Return, per code point, the sum of word 1, unspaced script 2 and its marks 4."""
    table = word_table().copy()
    signs = [c for c in assigned_code_points() if _is_sign(chr(c))]
    table[signs] = _WORD
    for first, last in _UNSPACED_BLOCKS:
        block = np.arange(first, last + 1)
        marks = [c for c in block.tolist() if unicodedata.category(chr(c))[0] == "M"]
        table[block] |= table[block] * _UNSPACED
        table[marks] = _MARK
    assert table.size == CODE_POINTS
    table.flags.writeable = False
    return table


@njit(cache=True, nogil=True)
def mix(value: Any) -> Any:
    """Mix 64 bits so that each depends on all (MurmurHash3's finaliser)."""
    value ^= value >> _HALF
    value *= _FINAL_1
    value ^= value >> _HALF
    value *= _FINAL_2
    return value ^ (value >> _HALF)


@njit(cache=True, nogil=True)
def _is_unspaced(data: Any, position: Any, stop: Any, classes: Any) -> Any:
    """Tell whether most word characters belong to a script without spaces."""
    # All those scripts lie above U+07FF: their UTF-8 starts with 0xE0 or more.
    if largest_byte(data, position, stop) < 0xE0:  # noqa: PLR2004
        return False
    balance = 0
    while position < stop:
        code, width = decode(data, position)
        position += width
        if classes[code] & _UNSPACED:
            balance += 1
        elif classes[code] & _WORD:
            balance -= 1
    return balance > 0


@njit(cache=True, nogil=True)
def _hash_words(data: Any, position: Any, stop: Any, classes: Any, units: Any) -> Any:
    """Write the hash of each word into `units`; returns how many there are.

    Every byte writes; only the end of a word moves the next place, because no
    processor can predict where words end.
    """
    value = _BASIS
    count = inside = np.int64(0)
    while position < stop:
        byte = data[position]
        if byte < 0x80:  # noqa: PLR2004
            word = np.int64(classes[byte] & _WORD)
            units[count] = value
            count += inside & ~word
            grown = (value ^ np.uint64(byte)) * _PRIME
            value = grown if word else _BASIS
            inside = word
            position += 1
            continue
        code, width = decode(data, position)
        if classes[code] & _WORD:
            for index in range(position, position + width):
                value = (value ^ np.uint64(data[index])) * _PRIME
            inside = np.int64(1)
        else:
            units[count] = value
            count += inside
            value = _BASIS
            inside = np.int64(0)
        position += width
    units[count] = value
    count += inside
    for index in range(count):
        units[index] = (units[index] ^ units[index] >> _HALF) * _FINAL_1
    return count


@njit(cache=True, nogil=True)
def _hash_characters(
    data: Any, position: Any, stop: Any, classes: Any, units: Any
) -> Any:
    """Write the hash of each word character or mark; returns how many there are."""
    count = np.int64(0)
    while position < stop:
        code, width = decode(data, position)
        position += width
        if classes[code]:
            units[count] = mix(np.uint64(code) + _BASIS)
            count += 1
    return count


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _shingle_rows(
    data: Any, offsets: Any, classes: Any, ngram: Any, out: Any, ends: Any, unit: Any
) -> None:
    longest = np.int64(0)
    for row in range(offsets.size - 1):
        longest = max(longest, np.int64(offsets[row + 1] - offsets[row]))
    # At most every other byte ends a word, and one more is written than counts.
    units = np.empty(longest // 2 + 2, np.uint64)
    size = np.int64(0)
    for row in range(offsets.size - 1):
        start, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        characters = _is_unspaced(data, start, stop, classes)
        if characters:
            count = _hash_characters(data, start, stop, classes, units)
        else:
            count = _hash_words(data, start, stop, classes, units)
        size = _roll(units[:count], ngram, out, size)
        ends[row + 1] = size
        if size > ends[row]:
            unit[row] = CHARACTER_UNIT if characters else WORD_UNIT


def shingle(normalised: pa.StringArray, ngram: int) -> Shingles:
    """Hash the shingles of each document, in order and with repeats.

    Args:
        normalised: Texts from `text.normalise`, without nulls.
        ngram: Words, or characters where the script has no spaces, in a shingle.

    Returns:
        A document of w words has max(0, w - ngram + 1) shingles.

    Raises:
        ValueError: If `ngram` is less than 1 or a text is null.
    """
    if ngram < 1:
        raise ValueError(f"ngram is {ngram}; a shingle has at least 1 word")
    data, offsets = string_buffers(normalised)
    rows = len(normalised)
    # At most every other byte ends a word, and unspaced text has 2 bytes a character.
    capacity = (int(offsets[-1]) - int(offsets[0]) + rows) // 2
    values = np.empty(capacity, np.uint64)
    ends = np.zeros(rows + 1, np.int64)
    unit = np.zeros(rows, np.uint8)
    _shingle_rows(data, offsets, class_table(), ngram, values, ends, unit)
    return Shingles(values=values[: ends[-1]], offsets=ends, unit=unit)


@njit(cache=True, nogil=True)
def _drop_repeats(values: Any, offsets: Any, ends: Any) -> None:
    """Move the distinct values of sorted stretches to the front, in place."""
    size = np.int64(0)
    for row in range(offsets.size - 1):
        for index in range(offsets[row], offsets[row + 1]):
            if index == offsets[row] or values[index] != values[size - 1]:
                values[size] = values[index]
                size += 1
        ends[row + 1] = size


def shingle_sets(normalised: pa.StringArray, ngram: int) -> Shingles:
    """Hash the set of shingles of each document, for exact comparison.

    Args:
        normalised: Texts from `text.normalise`, without nulls.
        ngram: As for `shingle`.

    Returns:
        Values strictly ascending within each document.

    Raises:
        ValueError: If `ngram` is less than 1 or a text is null.
    """
    raw = shingle(normalised, ngram)
    values = raw.values
    # One call of numpy's vectorised sort a document beats any compiled scalar sort.
    for start, stop in pairwise(raw.offsets.tolist()):
        values[start:stop].sort()
    ends = np.zeros_like(raw.offsets)
    _drop_repeats(values, raw.offsets, ends)
    return Shingles(values=values[: ends[-1]].copy(), offsets=ends, unit=raw.unit)

r"""The units that texts are compared by: words, or characters.

This is the one definition of a unit; shingles, repeats, decontamination and what is
shown of two texts all cut by it. A word is a maximal run of Unicode `\w` with marks
(Unicode Technical Standard 18, annex C): the vowel signs of Devanagari, Arabic or
Hebrew tell words apart, which `\w` of Python's `re` leaves out. White space,
punctuation and symbols never count. In a text written mostly in scripts that put no
spaces between words, a unit is a character instead.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.text import (
    assigned_code_points,
    decode,
    largest_byte,
    string_buffers,
    word_table,
)

WORD, UNSPACED, MARK = 1, 2, 4
"""Classes of code points; see `class_table`."""

BYTES, POINTS = 0, 1
"""What places in a text are counted in; see `find_spans`."""

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


def _is_sign(character: str) -> bool:
    """A mark that belongs to a word; selectors of emoji forms do not."""
    return (
        unicodedata.category(character)[0] == "M"
        and "VARIATION SELECTOR" not in unicodedata.name(character, "")
        and character != _KEYCAP
    )


@cache
def class_table() -> NDArray[np.uint8]:
    """Return what each code point is.

    An entry is the sum of `WORD` for what words consist of, `UNSPACED` for what of it
    belongs to a script without spaces; `MARK` for marks of those scripts, which are
    part of no word, but units where characters are.
    """
    table = word_table().copy()
    signs = [c for c in assigned_code_points() if _is_sign(chr(c))]
    table[signs] = WORD
    for first, last in _UNSPACED_BLOCKS:
        block = np.arange(first, last + 1)
        marks = [c for c in block.tolist() if unicodedata.category(chr(c))[0] == "M"]
        table[block] |= table[block] * UNSPACED
        table[marks] = MARK
    table.flags.writeable = False
    return table


@njit(nogil=True)
def mix(value: Any) -> Any:
    """Mix 64 bits so that each depends on all (MurmurHash3's finaliser)."""
    value ^= value >> _HALF
    value *= _FINAL_1
    value ^= value >> _HALF
    value *= _FINAL_2
    return value ^ (value >> _HALF)


@njit(nogil=True)
def _is_unspaced(data: Any, position: Any, stop: Any, classes: Any) -> Any:
    """Tell whether most word characters belong to a script without spaces."""
    # All those scripts lie above U+07FF: their UTF-8 starts with 0xE0 or more.
    if largest_byte(data, position, stop) < 0xE0:  # noqa: PLR2004
        return False
    balance = 0
    while position < stop:
        code, width = decode(data, position)
        position += width
        if classes[code] & UNSPACED:
            balance += 1
        elif classes[code] & WORD:
            balance -= 1
    return balance > 0


@njit(nogil=True)
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
            word = np.int64(classes[byte] & WORD)
            units[count] = value
            count += inside & ~word
            grown = (value ^ np.uint64(byte)) * _PRIME
            value = grown if word else _BASIS
            inside = word
            position += 1
            continue
        code, width = decode(data, position)
        if classes[code] & WORD:
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


@njit(nogil=True)
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


@njit(nogil=True)
def cut_units(data: Any, start: Any, stop: Any, classes: Any, hashes: Any) -> Any:
    """Write the hash of each unit of a text; returns (units, whether characters).

    At most every other byte ends a word, and one more hash is written than counts:
    `hashes` takes (stop - start) // 2 + 2.
    """
    if _is_unspaced(data, start, stop, classes):
        return _hash_characters(data, start, stop, classes, hashes), True
    return _hash_words(data, start, stop, classes, hashes), False


@njit(nogil=True)
def find_spans(
    data: Any, bounds: Any, classes: Any, by_character: Any, places: Any, spans: Any
) -> Any:
    """Write where each unit begins and ends, as `cut_units` counts them.

    `bounds` are the first byte of the text and one past its last, `by_character` is
    what `cut_units` says of it; places are `BYTES` of data or `POINTS` of the text.
    `spans` (m, 2) takes them, m as `cut_units` needs. Returns the number of units.
    """
    position, stop = bounds
    place = position if places == BYTES else np.int64(0)
    count = np.int64(0)
    inside = False
    while position < stop:
        code, width = decode(data, position)
        position += width
        if by_character:
            counts, inside = classes[code] != 0, False
        else:
            counts = classes[code] & WORD != 0
        if counts and not inside:
            spans[count, 0] = place
            count += 1
        place += width if places == BYTES else 1
        if counts:
            spans[count - 1, 1] = place
        inside = counts
    return count


@njit(nogil=True)
def _all_spans(
    data: Any, offsets: Any, classes: Any, by_character: Any, spans: Any, ends: Any
) -> None:
    size = np.int64(0)
    for row in range(offsets.size - 1):
        bounds = np.int64(offsets[row]), np.int64(offsets[row + 1])
        own = spans[size:]
        size += find_spans(data, bounds, classes, by_character[row], POINTS, own)
        ends[row + 1] = size


def unit_spans(
    normalised: pa.StringArray, by_character: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Where the units of each normalised text are.

    Returns the first code point of each unit in its text and one past its last, (u, 2),
    and offsets (n + 1,): text i owns `spans[offsets[i]:offsets[i + 1]]`.
    """
    data, offsets = string_buffers(normalised)
    # At most every other byte ends a word, and unspaced text has 2 bytes a character.
    capacity = (int(offsets[-1]) - int(offsets[0]) + len(normalised)) // 2 + 1
    spans = np.empty((capacity, 2), np.int32)
    ends = np.zeros(len(normalised) + 1, np.int64)
    _all_spans(data, offsets, class_table(), by_character, spans, ends)
    return spans[: ends[-1]], ends

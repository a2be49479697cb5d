r"""The units that texts are compared, searched and counted by.

This is the one definition of a unit; shingles, repeats, decontamination, word counts
and what is shown of two texts all cut by it. A unit is a word: a run of letters, digits
and their marks (`characters`). In scripts that put no spaces between words, each letter
with its marks is a unit; in Khmer, Burmese and the like with the letters stacked below
it. The character decides, not the text around it, so that a name in Latin letters does
not change how the Chinese around it is cut. White space, punctuation and symbols never
count, and format characters say nothing: `co\u00adop` is the word `coop`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.characters import (
    FORMAT,
    MARK,
    STACKER,
    UNSPACED,
    WORD,
    class_table,
)
from isinglass.transforms.compiled import njit
from isinglass.transforms.text import decode, string_buffers

BYTES, POINTS = 0, 1
"""What places in a text are counted in; see `find_spans`."""

# FNV-1a, 64 bits (RFC 9923, section 5), closed by half a MurmurHash3 finaliser.
_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_FINAL_1 = np.uint64(0xFF51AFD7ED558CCD)
_FINAL_2 = np.uint64(0xC4CEB9FE1A85EC53)
_HALF = np.uint64(33)
_UNFINAL_1 = np.uint64(pow(0xFF51AFD7ED558CCD, -1, 1 << 64))
"""Undoes the multiplication: all hashes of a text are closed at its end."""

_APART, _IN_WORD, _IN_CLUSTER, _STACKED = range(4)
"""What stands before a character: nothing that counts, a word, a letter of an unspaced
script, or one that joins the next letter."""


@njit(nogil=True)
def mix(value: Any) -> Any:
    """Mix 64 bits so that each depends on all (MurmurHash3's finaliser)."""
    value ^= value >> _HALF
    value *= _FINAL_1
    value ^= value >> _HALF
    value *= _FINAL_2
    return value ^ (value >> _HALF)


@njit(nogil=True)
def _open(value: Any) -> Any:
    """What the close of a text makes into this value."""
    value *= _UNFINAL_1
    return value ^ (value >> _HALF)


@njit(nogil=True)
def _step(kind: Any, before: Any) -> Any:
    """What a character does: returns (state behind it, whether a unit begins).

    Not for format characters, which change nothing.
    """
    if kind & MARK:
        if before < _IN_CLUSTER:
            return before, False
        return (_STACKED if kind & STACKER else _IN_CLUSTER), False
    if kind & UNSPACED:
        return _IN_CLUSTER, before != _STACKED
    if kind & WORD:
        return _IN_WORD, before != _IN_WORD
    return _APART, False


@njit(nogil=True)
def cut_units(data: Any, position: Any, stop: Any, classes: Any, units: Any) -> Any:
    """Write the hash of each unit; returns (units, those of unspaced scripts).

    Every byte of ASCII writes; only the end of a word moves the next place, because no
    processor can predict where words end. At most every other byte ends a unit, and one
    more hash is written than counts: `units` takes (stop - position) // 2 + 2.
    """
    value, cluster = _BASIS, np.uint64(0)
    count = inside = unspaced = np.int64(0)
    state = np.int64(_APART)
    while position < stop:
        byte = data[position]
        if byte < 0x80:  # noqa: PLR2004
            word = np.int64(classes[byte] & WORD)
            units[count] = value
            count += inside & ~word
            grown = (value ^ np.uint64(byte)) * _PRIME
            value = grown if word else _BASIS
            inside = state = word
            position += 1
            continue
        code, width = decode(data, position)
        kind = classes[code]
        start, position = position, position + width
        if kind & FORMAT:
            continue
        state, begins = _step(kind, state)
        if state == _IN_WORD:
            for index in range(start, position):
                value = (value ^ np.uint64(data[index])) * _PRIME
            inside = np.int64(1)
            continue
        units[count] = value
        count += inside
        value = _BASIS
        inside = np.int64(0)
        if state == _APART:
            continue
        if begins:
            cluster = mix(np.uint64(code) + _BASIS)
            count += 1
            unspaced += 1
        else:
            cluster = mix(cluster ^ (np.uint64(code) * _PRIME))
        units[count - 1] = _open(cluster)
    units[count] = value
    count += inside
    for index in range(count):
        units[index] = (units[index] ^ units[index] >> _HALF) * _FINAL_1
    return count, unspaced


@njit(nogil=True)
def find_spans(data: Any, bounds: Any, classes: Any, places: Any, spans: Any) -> Any:
    """Write where each unit begins and ends, as `cut_units` counts them.

    `bounds` are the first byte of the text and one past its last; places are `BYTES` of
    data or `POINTS` of the text. `spans` (m, 2) takes them, m as `cut_units` needs.
    Returns the number of units.
    """
    position, stop = bounds
    place = position if places == BYTES else np.int64(0)
    count = np.int64(0)
    state = np.int64(_APART)
    while position < stop:
        code, width = decode(data, position)
        position += width
        kind = classes[code]
        after = place + (width if places == BYTES else 1)
        if not kind & FORMAT:
            state, begins = _step(kind, state)
            if begins:
                spans[count, 0] = place
                count += 1
            if state != _APART:
                spans[count - 1, 1] = after
        place = after
    return count


@njit(nogil=True)
def _all_spans(data: Any, offsets: Any, classes: Any, spans: Any, ends: Any) -> None:
    size = np.int64(0)
    for row in range(offsets.size - 1):
        bounds = np.int64(offsets[row]), np.int64(offsets[row + 1])
        size += find_spans(data, bounds, classes, POINTS, spans[size:])
        ends[row + 1] = size


def unit_spans(
    normalised: pa.StringArray,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Where the units of each normalised text are.

    Returns the first code point of each unit in its text and one past its last, (u, 2),
    and offsets (n + 1,): text i owns `spans[offsets[i]:offsets[i + 1]]`.
    """
    data, offsets = string_buffers(normalised)
    # At most every other byte ends a unit.
    capacity = (int(offsets[-1]) - int(offsets[0]) + len(normalised)) // 2 + 1
    spans = np.empty((capacity, 2), np.int32)
    ends = np.zeros(len(normalised) + 1, np.int64)
    _all_spans(data, offsets, class_table(), spans, ends)
    return spans[: ends[-1]], ends


@njit(nogil=True)
def _count_units(data: Any, offsets: Any, classes: Any, counts: Any) -> None:
    for row in range(offsets.size - 1):
        position, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        count = unspaced = state = np.int64(0)
        while position < stop:
            byte = data[position]
            if byte < 0x80:  # noqa: PLR2004
                word = np.int64(classes[byte] & WORD)
                count += word & np.int64(state != _IN_WORD)
                state = word
                position += 1
                continue
            code, width = decode(data, position)
            position += width
            if not classes[code] & FORMAT:
                state, begins = _step(classes[code], state)
                count += begins
                unspaced += begins and state != _IN_WORD
        counts[row, 0], counts[row, 1] = count, unspaced


def unit_counts(texts: pa.StringArray) -> NDArray[np.int64]:
    """Count the units of each text, and those of unspaced scripts: (n, 2)."""
    data, offsets = string_buffers(texts)
    counts = np.zeros((len(texts), 2), np.int64)
    _count_units(data, offsets, class_table(), counts)
    return counts

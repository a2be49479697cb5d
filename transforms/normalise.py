"""The normalised form of texts: what two texts may differ in and still be equal."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.characters import (
    CODE_POINTS,
    FORMAT,
    ZERO_WIDTH_SPACE,
    assigned_code_points,
    blank_table,
    class_table,
)
from isinglass.transforms.compiled import njit
from isinglass.transforms.text import decode, largest_byte, string_buffers

WHITE, DIGIT, DOTTED, NOTHING = -1, -2, -3, -4
"""Marks in the table of `fold_table`; see there."""

# The only code point whose lower case is two code points (Unicode SpecialCasing.txt,
# unconditional mappings): capital I with dot becomes i and a combining dot.
_DOTTED_I = 0x130
_COMBINING_DOT = 0x307
_SIGMA, _FINAL_SIGMA = 0x3C3, 0x3C2
_ARROW_LIMIT = 2**31 - 1
_DEFAULT = NormaliseConfig()


@cache
def fold_table(
    *,
    lower_case: bool = True,
    white_space: bool = True,
    numbers: bool = False,
    nfc: bool = True,
) -> NDArray[np.int32]:
    """Return what each code point becomes, or a negative mark of what it is.

    Lower case is -3 for U+0130, which becomes two code points, and one small sigma for
    both; white space (`str.isspace`, and the zero width space) is marked by -1, decimal
    digits (`str.isdecimal`) by -2. With `nfc`, format characters, which become nothing,
    are -4.
    """
    table = np.arange(CODE_POINTS, dtype=np.int32)
    for code in assigned_code_points():
        character = chr(code)
        lower = character.lower() if lower_case else character
        if white_space and (character.isspace() or code == ZERO_WIDTH_SPACE):
            table[code] = WHITE
        elif numbers and character.isdecimal():
            table[code] = DIGIT
        elif len(lower) == 1:
            table[code] = ord(lower)
    if lower_case:
        table[_DOTTED_I] = DOTTED
        table[_FINAL_SIGMA] = _SIGMA
    if nfc:
        table[class_table() == FORMAT] = NOTHING
    table.flags.writeable = False
    return table


@cache
def composing_table() -> NDArray[np.uint8]:
    """Return 1 for each code point that NFC may change or reorder, else 0.

    A text without any of them is in NFC already: all its characters have NFC_QC=Yes
    and combining class 0 (Unicode Standard Annex 15, section 9).
    """
    table = np.zeros(CODE_POINTS, np.uint8)
    for code in assigned_code_points():
        character = chr(code)
        if unicodedata.combining(character) or not unicodedata.is_normalized(
            "NFC", character
        ):
            table[code] = 1
        decomposition = unicodedata.decomposition(character).split()
        if len(decomposition) == 2 and not decomposition[0].startswith("<"):  # noqa: PLR2004
            table[int(decomposition[1], 16)] = 1
    # Vowel and final jamo join a Hangul syllable by arithmetic, not by table.
    table[0x1161:0x1176] = 1
    table[0x11A8:0x11C3] = 1
    table.flags.writeable = False
    return table


@njit(nogil=True)
def _encode(code: Any, out: Any, target: Any) -> Any:
    """Write one code point as UTF-8; returns the position after it."""
    if code < 0x80:  # noqa: PLR2004
        out[target] = code
        return target + 1
    if code < 0x800:  # noqa: PLR2004
        out[target] = 0xC0 | code >> 6
    else:
        if code < 0x10000:  # noqa: PLR2004
            out[target] = 0xE0 | code >> 12
        else:
            out[target] = 0xF0 | code >> 18
            target += 1
            out[target] = 0x80 | (code >> 12 & 0x3F)
        target += 1
        out[target] = 0x80 | (code >> 6 & 0x3F)
    out[target + 1] = 0x80 | (code & 0x3F)
    return target + 2


@njit(nogil=True)
def _fold_row(
    data: Any, position: Any, stop: Any, table: Any, out: Any, target: Any
) -> Any:
    """Lower the case and fold white space and numbers of one text into `out`.

    Every character is written; whether it counts only moves the next place, because
    no processor can predict where words end.
    """
    begin = target
    gap, number = np.int64(1), np.int64(0)
    while position < stop:
        byte = data[position]
        if byte < 0x80:  # noqa: PLR2004
            lower = np.int64(table[byte])
            position += 1
        else:
            code, width = decode(data, position)
            lower = np.int64(table[code])
            position += width
            if lower == NOTHING:
                continue
            if lower >= 0x80 or lower == DOTTED:  # noqa: PLR2004
                target = _write(lower, out, target)
                gap = number = np.int64(0)
                continue
        white, digit = np.int64(lower == WHITE), np.int64(lower == DIGIT)
        # A mark becomes a space or a zero by arithmetic: no branch.
        out[target] = lower + white * (0x20 - WHITE) + digit * (0x30 - DIGIT)
        target += 1 - (white & gap | digit & number)
        gap, number = white, digit
    # One space was written for white space at the end, none for that at the start.
    if gap and target > begin:
        target -= 1
    return target


@njit(nogil=True)
def _write(lower: Any, out: Any, target: Any) -> Any:
    """Write one character beyond ASCII; returns the position after it."""
    if lower == DOTTED:
        return _encode(_COMBINING_DOT, out, _encode(0x69, out, target))
    return _encode(lower, out, target)


@njit(nogil=True)
def _fold_rows(data: Any, offsets: Any, table: Any, out: Any, ends: Any) -> None:
    target = np.int64(0)
    for row in range(offsets.size - 1):
        target = _fold_row(data, offsets[row], offsets[row + 1], table, out, target)
        ends[row + 1] = target


@njit(nogil=True)
def _mark(data: Any, offsets: Any, table: Any, usual: Any, marks: Any) -> None:
    """Mark the texts that hold a code point which is not as usual by the table."""
    for row in range(offsets.size - 1):
        position, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        # Where the first code point is usual, all ASCII is: it is not decoded.
        if table[0] == usual and largest_byte(data, position, stop) < 0x80:  # noqa: PLR2004
            continue
        while position < stop:
            code, width = decode(data, position)
            if table[code] != usual:
                marks[row] = True
                break
            position += width


def _fold(texts: pa.StringArray, table: NDArray[np.int32]) -> pa.StringArray:
    data, offsets = string_buffers(texts)
    size = int(offsets[-1]) - int(offsets[0])
    # Two bytes become at most three (U+0130, U+023A); all else shrinks or stays.
    out = np.empty(size + size // 2, np.uint8)
    ends = np.zeros(offsets.size, np.int64)
    _fold_rows(data, offsets, table, out, ends)
    if ends[-1] > _ARROW_LIMIT:
        raise ValueError(
            f"{ends[-1]} bytes of normalised text do not fit one string array; "
            "pass smaller batches"
        )
    return pa.StringArray.from_buffers(
        len(texts), pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(out[: ends[-1]])
    )


def _compose(texts: pa.StringArray, mask: pa.BooleanArray) -> pa.StringArray:
    """Put the marked texts, which are few in most corpora, into NFC.

    Arrow's own `utf8_normalize` leaves canonical pairs decomposed under "NFC".
    """
    marked = texts.filter(mask).to_pylist()
    composed = [unicodedata.normalize("NFC", text) for text in marked]
    return pc.replace_with_mask(texts, mask, pa.array(composed, pa.string()))


def normalise(
    texts: pa.StringArray, config: NormaliseConfig = _DEFAULT
) -> pa.StringArray:
    """Return texts without the differences that do not count between duplicates.

    By default: NFC and lower case, with white space folded and stripped. Lower case
    is taken code point by code point; a final sigma becomes any other. Each run of
    Unicode white space (`str.isspace`) and zero width spaces becomes one space; none is
    left at either end. With `numbers`, each run of decimal digits becomes one `0`. The
    result is in NFC without format characters (unless `nfc` is off), and normalising it
    again changes nothing. The array has no offset.

    Raises:
        ValueError: If a text is null or the result is 2 GiB or more.
    """
    table = fold_table(
        lower_case=config.lower_case,
        white_space=config.white_space,
        numbers=config.numbers,
        nfc=config.nfc,
    )
    marks = np.zeros(len(texts), np.bool_)
    if config.nfc:
        marks = holding(texts, composing_table())
    if not marks.any():
        return _fold(texts, table)
    mask = pa.array(marks)
    folded = _fold(_compose(texts, mask), table)
    # Some pairs compose in lower case only (H and a macron below: U+1E96).
    return _compose(folded, mask)


def holding(texts: pa.StringArray, table: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which texts, none null, hold a code point that is not 0 in a table."""
    data, offsets = string_buffers(texts)
    marks = np.zeros(len(texts), np.bool_)
    _mark(data, offsets, table, 0, marks)
    return marks


def is_blank(texts: pa.StringArray) -> NDArray[np.bool_]:
    """Tell which texts, none null, hold nothing that a reader would see.

    They are empty, or hold only white space and invisible characters.
    """
    data, offsets = string_buffers(texts)
    marks = np.zeros(len(texts), np.bool_)
    _mark(data, offsets, blank_table(), 1, marks)
    return ~marks

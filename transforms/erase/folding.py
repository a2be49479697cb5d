"""Texts in a form in which spellings of one value are equal, and the way back.

Case, width, ligatures, forms of digits, dashes and apostrophes, runs of white space and
invisible characters tell no two spellings apart, nor does it whether a letter and its
accents are one code point or several. People leave out more: the dot of a Turkish i,
accents of Greek, vowel signs of Arabic and points of Hebrew; and they write the Arabic
or the Persian form of yeh and kaf. Every code point is folded by itself (compatibility
decomposition and full case folding, Unicode Standard 3.13, D146 and D147) and marks on
one letter are put in canonical order, so each byte of a folded text comes from one code
point of the source.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.characters import CODE_POINTS, assigned_code_points
from isinglass.transforms.compiled import njit
from isinglass.transforms.text import decode, string_buffers

_SPACE = 0x20
_ASCII = 0x80
_SURROGATES = range(0xD800, 0xE000)
# What typists write for an apostrophe: quotation marks, primes, accents on their own.
_APOSTROPHES = frozenset("'`\u00b4\u2018\u2019\u201b\u02bc\u02b9\u2032\uff07")
_MINUS = frozenset("\u2212\u2043\ufe63\uff0d")
# Letters that stand for another where a keyboard or a habit lacks it: the i without
# dot, and forms of yeh and kaf.
_SAME = {"\u0131": "i", "\u0649": "\u064a", "\u06cc": "\u064a", "\u06a9": "\u0643"}
# Signs that are left out as often as written: cantillation and points of Hebrew, vowel
# signs and hamza of Arabic, its tatweel and Koranic marks.
_LEFT_OUT = re.compile(
    "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_GREEK_LEADS = (0xCE, 0xCF)
_MARKS = 0x300, 0x370
"""Marks of Latin, Greek and Cyrillic letters, of two bytes each."""

_MARK_LEADS = (0xCC, 0xCD)
_DOT, _DOTTED, _CAPITAL_DOTTED = 0x307, 0x69, 0x130
# Default_Ignorable_Code_Point beyond category Cf (Unicode, DerivedCoreProperties.txt).
_INVISIBLE = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0000, 0xE0FFF),
)


class FoldTables(NamedTuple):
    """What each code point becomes; unassigned ones become nothing.

    Attributes:
        starts: int32 (code points,), where its folded form begins in `pool`.
        lengths: uint8 (code points,), bytes of its folded form; 0 for nothing.
        classes: uint8, canonical combining classes of `_MARKS`.
    """

    starts: NDArray[np.int32]
    lengths: NDArray[np.uint8]
    pool: NDArray[np.uint8]
    classes: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Folded:
    """Folded texts.

    Attributes:
        data: uint8, UTF-8 of all of them, one after the other.
        offsets: int64 (n + 1,); text i is `data[offsets[i]:offsets[i + 1]]`.
        sources: int32, the code point of its text that each byte comes from; empty
            where it was not asked for.
    """

    data: NDArray[np.uint8] = field(repr=False)
    offsets: NDArray[np.int64]
    sources: NDArray[np.int32]


def folded_character(character: str) -> str:
    """What one code point becomes; empty for an invisible one."""
    code, category = ord(character), unicodedata.category(character)
    if character.isspace():
        form = " "
    elif category == "Cf" or any(first <= code <= last for first, last in _INVISIBLE):
        form = ""
    elif character in _APOSTROPHES:
        form = "'"
    elif category == "Pd" or character in _MINUS:
        form = "-"
    elif character.isdecimal():
        form = str(unicodedata.decimal(character))
    else:
        whole = unicodedata.normalize("NFKD", character).casefold()
        form = _LEFT_OUT.sub("", unicodedata.normalize("NFKD", whole))
        form = "".join(_SAME.get(letter, letter) for letter in form)
        if _GREEK.match(character):
            form = "".join(c for c in form if not unicodedata.combining(c))
        if code == _CAPITAL_DOTTED:
            form = "i"
    return form


@cache
def fold_tables() -> FoldTables:
    """Tables over all code points; about 0.5 s to make, 6 MB."""
    starts = np.zeros(CODE_POINTS, np.int32)
    lengths = np.zeros(CODE_POINTS, np.uint8)
    forms: list[bytes] = []
    size = 0
    for code in assigned_code_points():
        if code in _SURROGATES:
            continue
        form = folded_character(chr(code)).encode()
        starts[code], lengths[code] = size, len(form)
        forms.append(form)
        size += len(form)
    classes = [unicodedata.combining(chr(code)) for code in range(*_MARKS)]
    pool = np.frombuffer(b"".join(forms), np.uint8)
    return FoldTables(starts, lengths, pool, np.array(classes, np.uint8))


@njit(nogil=True)
def _most(data: Any, lengths: Any) -> Any:
    """Upper bound of the folded bytes of a batch."""
    total = np.int64(0)
    position = np.int64(0)
    while position < data.size:
        if data[position] < _ASCII:
            total += 1
            position += 1
        else:
            code, width = decode(data, position)
            total += lengths[code]
            position += width
    return total


@njit(nogil=True)
def _is_kept(mark: Any, before: Any) -> Any:
    """Whether a mark tells letters apart: not on Greek ones, nor the dot of an i."""
    size = before.size
    if mark == _DOT:
        return not (size and before[size - 1] == _DOTTED)
    return size < 2 or before[size - 2] not in _GREEK_LEADS  # noqa: PLR2004


@njit(nogil=True)
def _order(folded: Any, sources: Any, classes: Any) -> None:
    """Put the last mark of a folded text before those of a higher combining class."""
    place = folded.size - 2
    while place >= 2 and folded[place - 2] in _MARK_LEADS:  # noqa: PLR2004
        own = _class_at(folded, place, classes)
        if not own < _class_at(folded, place - 2, classes):
            break
        for index in range(place, place + 2):
            folded[index], folded[index - 2] = folded[index - 2], folded[index]
            if sources.size:
                sources[index], sources[index - 2] = sources[index - 2], sources[index]
        place -= 2


@njit(nogil=True)
def _class_at(folded: Any, place: Any, classes: Any) -> Any:
    code = (np.int64(folded[place]) & 0x1F) << 6 | (np.int64(folded[place + 1]) & 0x3F)
    return classes[code - _MARKS[0]] if code < _MARKS[1] else np.uint8(0)


@njit(nogil=True)
def _fold(
    data: Any, offsets: Any, tables: Any, out: Any, bounds: Any, sources: Any
) -> None:
    """Fold texts into `out`, with the bounds of each there.

    Where `sources` is as long as `out`, it takes the number of the code point of its
    text that each byte comes from.
    """
    starts, lengths, pool, classes = tables
    wanted = sources.size == out.size
    target = np.int64(0)
    for row in range(offsets.size - 1):
        position, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        first, point = target, np.int64(0)
        while position < stop:
            code, width = np.int64(data[position]), 1
            if code >= _ASCII:
                code, width = decode(data, position)
            position += width
            length = np.int64(lengths[code])
            place = starts[code]
            again = target > first and out[target - 1] == _SPACE
            if _MARKS[0] <= code < _MARKS[1]:
                length *= _is_kept(code, out[first:target])
            if not (length == 1 and pool[place] == _SPACE and again):
                for index in range(length):
                    out[target] = pool[place + index]
                    if wanted:
                        sources[target] = point
                    target += 1
                if _MARKS[0] <= code < _MARKS[1] and length:
                    _order(out[first:target], sources[first:target], classes)
            point += 1
        bounds[row + 1] = target


def fold(texts: pa.StringArray, *, sources: bool = False) -> Folded:
    """Fold a batch of texts; tell of `sources` only if they are asked for.

    Raises:
        ValueError: A text is null.
    """
    data, offsets = string_buffers(texts)
    tables = fold_tables()
    most = int(_most(data[offsets[0] : offsets[-1]], tables.lengths))
    out = np.empty(most, np.uint8)
    points = np.empty(most if sources else 0, np.int32)
    bounds = np.zeros(len(offsets), np.int64)
    _fold(data, offsets, tables, out, bounds, points)
    return Folded(out[: bounds[-1]], bounds, points[: bounds[-1]])


def folded_text(text: str) -> str:
    """One text folded, without white space at its ends."""
    return fold(pa.array([text], pa.string())).data.tobytes().decode().strip()

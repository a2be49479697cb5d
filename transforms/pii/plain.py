"""What recognizers are shown of a text: odd blanks, hyphens and digits made plain.

A card number with no-break blanks, as HTML leaves it, in digits of another script or
with an invisible character in it is read by people as any other; so is a letter whose
accent stands apart. Models are shown the same, less its markup (`markup`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

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
    class_table,
)
from isinglass.transforms.folded import fold
from isinglass.transforms.normalise import composing_table, holding

_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_HYPHENS = "\u2010-\u2012\u2212\uff0d"
_DASHES = "\u2013-\u2015"
"""En and em dashes: hyphens within numbers, and none between words."""

_BETWEEN = re.compile(
    f"[{_DASHES}](?:(?=[0-9])(?<=[0-9A-Z].)|(?=[A-Z])(?<=[0-9].)"
    "|(?= [0-9])(?<=[0-9] .))"
)
_WIDE = "\uff0b\uff0e\uff10-\uff19\uff20-\uff3a\uff41-\uff5a"
# A zero width space and marks of direction, which may part a value from the word before
# or behind it, or stand within the value.
_PARTING = "\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069"
_BEYOND = "\u0080-\U0010ffff"
_PARTED = re.compile(
    rf"(?<=[0-9A-Za-z{_BEYOND}])[{_PARTING}]+(?=[0-9A-Za-z+({_BEYOND}])"
)
# In one case, or long enough to be no end of a key.
_WORD = rf"(?=\S\S)(?:[A-Z]?[a-z{_BEYOND}]+|[A-Z{_BEYOND}]+|[A-Za-z{_BEYOND}]{{4,}})"
_WORD_BEFORE = re.compile(rf"(?:^|[\s\"'()<>\[\]{{}}|,;]){_WORD}$")
_WORD_BEHIND = re.compile(rf"{_WORD}(?:[\s\"'()<>\[\]{{}}|,;.:!?]|$)")
# What makes a piece a value: a digit, the sign of a mailbox, or what begins an address.
_VALUE = r"(?:[@\d]|://|www\.)"
_VALUE_BEFORE = re.compile(rf"{_VALUE}\S*$")
_VALUE_BEHIND = re.compile(rf"(?:(?!{_VALUE})\S)*{_VALUE}")
_REACH = 64
_COMPOSED = NormaliseConfig(lower_case=False, white_space=False)


def _members(ranges: str) -> list[str]:
    """Characters of the inside of a character class."""
    found = []
    position = 0
    while position < len(ranges):
        first = last = ord(ranges[position])
        if ranges[position + 1 : position + 2] == "-":
            last = ord(ranges[position + 2])
            position += 2
        found += [chr(code) for code in range(first, last + 1)]
        position += 1
    return found


_TO_ASCII = 0xFEE0
_PUNCTUATION = {code: code - _TO_ASCII for code in range(0xFF01, 0xFF5F)}
_UNSEEN, _PART, _HYPHEN, _JOINS, _OTHER = 1, 2, 4, 8, 16


@cache
def _kinds() -> NDArray[np.uint8]:
    """By code point what is done to it; 0 for nothing.

    A sum of `_UNSEEN` for what is left out, `_PART` for what may part words, `_HYPHEN`
    for dashes, `_JOINS` for what may compose and `_OTHER` for what becomes another.
    """
    kinds = np.zeros(CODE_POINTS, np.uint8)
    kinds[class_table() == FORMAT] = _UNSEEN
    kinds[ZERO_WIDTH_SPACE] = _UNSEEN
    kinds[[ord(char) for char in _members(_PARTING)]] |= _PART
    kinds[[ord(char) for char in _members(_DASHES)]] |= _HYPHEN
    kinds[composing_table() > 0] |= _JOINS
    kinds[_plain_codes() != np.arange(CODE_POINTS)] |= _OTHER
    kinds.flags.writeable = False
    return kinds


@cache
def _plain_codes() -> NDArray[np.uint32]:
    """What each code point becomes: blanks, hyphens, full width ones, and digits."""
    codes = np.arange(CODE_POINTS, dtype=np.uint32)
    for code in assigned_code_points():
        if chr(code).isdecimal():
            codes[code] = ord("0") + unicodedata.decimal(chr(code))
    codes[[ord(char) for char in _members(_BLANKS)]] = ord(" ")
    codes[[ord(char) for char in _members(_HYPHENS)]] = ord("-")
    wide = np.array([ord(char) for char in _members(_WIDE)])
    codes[wide] = wide - _TO_ASCII
    codes.flags.writeable = False
    return codes


class PlainTexts(NamedTuple):
    """Texts as recognizers read them.

    Attributes:
        texts: Of as many code points as the originals, but for rows in `places`.
        places: By row, int64 (n,): where each code point stands in the original.
    """

    texts: pa.StringArray
    places: dict[int, NDArray[np.int64]]


def make_plain(texts: pa.StringArray) -> PlainTexts:
    """Make odd blanks, hyphens, digits and full width characters plain, and compose.

    Invisible characters are left out, but for those that part two words, which become
    blanks. A dash is a hyphen within a number alone: no word before it is part of an
    address. Punctuation of full width stays: it parts numbers where ASCII would not.
    """
    touched = np.flatnonzero(holding(texts, _kinds()))
    if not len(touched):
        return PlainTexts(texts, {})
    places: dict[int, NDArray[np.int64]] = {}
    plain = []
    values = texts.take(pa.array(touched)).to_pylist()
    for row, value in zip(touched.tolist(), values, strict=True):
        text, kept = _plain(value)
        plain.append(text)
        if kept is not None:
            places[row] = kept
    mask = np.zeros(len(texts), np.bool_)
    mask[touched] = True
    shown = pc.replace_with_mask(texts, pa.array(mask), pa.array(plain, pa.string()))
    return PlainTexts(shown, places)


def plain_text(text: str) -> str:
    """One text as `make_plain` makes it."""
    return text if text.isascii() else _plain(text)[0]


def plain_value(value: str) -> str:
    """A found value in plain characters, punctuation of full width too.

    All spellings that people read as one value are the same afterwards, up to what
    `normalised` leaves out.
    """
    if value.isascii():
        return value
    return _plain(value, parts=False)[0].translate(_PUNCTUATION)


def _plain(text: str, *, parts: bool = True) -> tuple[str, NDArray[np.int64] | None]:
    """A text made plain, and where its characters stand; None if all stand there."""
    codes = _codes(text)
    kinds = _kinds()[codes]
    held = int(np.bitwise_or.reduce(kinds, initial=0))
    kept = None
    if held & _PART and parts:
        codes = _codes(_PARTED.sub(_parted, text))
        kinds = _kinds()[codes]
    if held & _UNSEEN:
        kept = np.flatnonzero(kinds & _UNSEEN == 0)
        codes = codes[kept]
    shown = _text(_plain_codes()[codes])
    if held & _HYPHEN:
        shown = _BETWEEN.sub("-", shown)
    if held & _JOINS and not unicodedata.is_normalized("NFC", shown):
        folded = fold(shown, _COMPOSED)
        kept = folded.starts if kept is None else kept[folded.starts]
        shown = _text(folded.codes.astype(np.uint32))
    return shown, kept


def _parted(marks: re.Match[str]) -> str:
    """Blanks for what parts a word from a value, else itself."""
    start, end = marks.span()
    before = marks.string[max(0, start - _REACH) : start]
    behind = marks.string[end : end + _REACH]
    if _VALUE_BEHIND.match(behind) and _WORD_BEFORE.search(before):
        return " " * (end - start)
    if _VALUE_BEFORE.search(before) and _WORD_BEHIND.match(behind):
        return " " * (end - start)
    return marks[0]


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _text(codes: NDArray[np.uint32]) -> str:
    return codes.tobytes().decode("utf-32-le")


def whole_clusters(found: pa.RecordBatch, texts: pa.StringArray) -> pa.RecordBatch:
    """Give findings all marks of their letters, and none of another one's.

    Args:
        found: Columns `row`, `start` and `end` (code points), and others.
        texts: As they were given, by row.
    """
    rows, starts, ends = (found.column(name).to_pylist() for name in _SPAN)
    shown: dict[int, str] = {}
    for index, row in enumerate(rows):
        text = shown.get(row)
        if text is None:
            text = shown[row] = texts[row].as_py()
        if text.isascii():
            continue
        while starts[index] < ends[index] and _is_mark(text[starts[index]]):
            starts[index] += 1
        while ends[index] < len(text) and _is_mark(text[ends[index]]):
            ends[index] += 1
    for name, values in (("start", starts), ("end", ends)):
        place = found.schema.get_field_index(name)
        field = found.schema.field(place)
        found = found.set_column(place, field, pa.array(values, field.type))
    return found


_SPAN = ("row", "start", "end")


def _is_mark(char: str) -> bool:
    return char > "\u02ff" and unicodedata.category(char)[0] == "M"

"""What recognizers are shown of a text: odd blanks, hyphens and digits made plain.

A card number with no-break blanks, as HTML leaves it, or an address with an invisible
character in it is read by people as any other. Models are shown the same, less its
markup (`markup`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_HYPHENS = "\u2010-\u2012\u2212\uff0d"
_DASHES = "\u2013-\u2015"
"""En and em dashes: hyphens within numbers, and none between words."""

_BETWEEN = re.compile(
    f"[{_DASHES}](?:(?=[0-9])(?<=[0-9A-Z].)|(?=[A-Z])(?<=[0-9].)"
    "|(?= [0-9])(?<=[0-9] .))"
)
_WIDE = "\uff0b\uff0e\uff10-\uff19\uff20-\uff3a\uff41-\uff5a"
_UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
"""Invisible: soft hyphen, zero width blanks and joiners, marks of direction."""

_ODD = f"[{_BLANKS}{_HYPHENS}{_DASHES}{_WIDE}{_UNSEEN}]"
_UNSEEN_CHARACTER = re.compile(f"[{_UNSEEN}]")


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


_PLAIN = (
    [(char, " ") for char in _members(_BLANKS)]
    + [(char, "-") for char in _members(_HYPHENS)]
    + [(char, chr(ord(char) - 0xFEE0)) for char in _members(_WIDE)]
)
_DASH = tuple(_members(_DASHES))
_UNSEEN_CODES = np.array([ord(char) for char in _members(_UNSEEN)], np.uint32)


class PlainTexts(NamedTuple):
    """Texts as recognizers read them.

    Attributes:
        texts: Of as many code points as the originals, but for rows in `places`.
        places: By row, int64 (n,): where each code point stands in the original.
    """

    texts: pa.StringArray
    places: dict[int, NDArray[np.int64]]


def make_plain(texts: pa.StringArray) -> PlainTexts:
    """Make odd blanks, hyphens and full width characters plain, drop invisible ones.

    A dash is a hyphen within a number alone: no word before it is part of an address.
    Punctuation of full width stays: it separates numbers where ASCII would not.
    """
    # Most texts are ASCII, which is seen ten times as fast as the characters wanted.
    ascii_only = pc.fill_null(pc.string_is_ascii(texts), fill_value=True)
    other = np.flatnonzero(pc.invert(ascii_only).to_numpy(zero_copy_only=False))
    odd = pc.match_substring_regex(texts.take(pa.array(other)), _ODD)
    touched = other[odd.to_numpy(zero_copy_only=False)]
    if not len(touched):
        return PlainTexts(texts, {})
    places: dict[int, NDArray[np.int64]] = {}
    plain = []
    values = texts.take(pa.array(touched)).to_pylist()
    for row, value in zip(touched.tolist(), values, strict=True):
        text, kept = _visible(value)
        plain.append(_plain(text))
        if kept is not None:
            places[row] = kept
    mask = np.zeros(len(texts), np.bool_)
    mask[touched] = True
    shown = pc.replace_with_mask(texts, pa.array(mask), pa.array(plain, pa.string()))
    return PlainTexts(shown, places)


def _plain(text: str) -> str:
    for odd, plain in _PLAIN:
        if odd in text:
            text = text.replace(odd, plain)
    if any(dash in text for dash in _DASH):
        text = _BETWEEN.sub("-", text)
    return text


def _visible(text: str) -> tuple[str, NDArray[np.int64] | None]:
    """What is seen of a text, and where it stands; None if all of it is seen."""
    if _UNSEEN_CHARACTER.search(text) is None:
        return text, None
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    kept = np.flatnonzero(~np.isin(codes, _UNSEEN_CODES))
    return codes[kept].tobytes().decode("utf-32-le"), kept

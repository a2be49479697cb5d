"""Units as the documentation defines them, by properties of the `regex` module."""

from __future__ import annotations

import unicodedata
from functools import cache

import regex  # type: ignore[import-untyped]

UNSPACED_SCRIPTS = (
    *("Thai", "Lao", "Myanmar", "Khmer", "Tai_Le", "New_Tai_Lue", "Tai_Tham"),
    *("Balinese", "Batak", "Javanese", "Cham", "Tai_Viet", "Han", "Hiragana"),
    *("Katakana", "Bopomofo", "Yi", "Brahmi", "Grantha", "Ahom", "Dives_Akuru"),
    *("Makasar", "Tangut", "Khitan_Small_Script", "Nushu"),
)
"""Those whose letters have the line breaking classes SA, ID, CJ, AK, AP or AS."""

# What is seen though it is of category Cf: Prepended_Concatenation_Mark.
_SEEN = "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
_SELECTORS = "\u034f\u17b4\u17b5\u180b-\u180f\u20e3\ufe00-\ufe0f\U000e0100-\U000e01ef"
FORMAT = regex.compile(rf"[[\p{{Cf}}{_SELECTORS}]--[\u200b{_SEEN}]]", regex.V1)
"""Characters that belong to what stands before them and say nothing."""

_OF_LETTERS = "".join(rf"\p{{scx={script}}}" for script in UNSPACED_SCRIPTS)
_OF_NUMBERS = "".join(rf"\p{{Script={script}}}" for script in UNSPACED_SCRIPTS)
# Signs of many scripts, some of them with spaces.
_SHARED = "\u02bc\u02c7\u02c9-\u02cb\u1cf2\u1cf3"
_LETTER = rf"[\p{{L}}--[[{_OF_LETTERS}]--[{_SHARED}]]]"
_NUMBER = rf"[[\p{{N}}_]--[{_OF_NUMBERS}]]"
_CHARACTER = rf"[[\p{{L}}\p{{N}}]--[{_LETTER}{_NUMBER}\p{{Nd}}]]"
_STACKER = "[\u1039\u17d2\u1a60\u1b44\ua9c0\U00011046\U0001134d\U0001193e\U00011f42]"
UNIT = regex.compile(
    rf"(?:[{_LETTER}{_NUMBER}\p{{Nd}}]\p{{M}}*)+"
    rf"|{_CHARACTER}\p{{M}}*(?:(?<={_STACKER}){_CHARACTER}\p{{M}}*)*",
    regex.V1,
)
UNSPACED = regex.compile(_CHARACTER, regex.V1)


def units(text: str) -> list[str]:
    """The units of a normalised text, without the format characters in them.

    The two databases are not of one version of Unicode: what the interpreter does not
    know is a border.
    """
    known = [" " if unicodedata.category(c) == "Cn" else c for c in text]
    found: list[str] = UNIT.findall(FORMAT.sub("", "".join(known)))
    return found


@cache
def assigned() -> list[str]:
    """Every character that the interpreter's database knows."""
    every = (chr(code) for code in range(0x110000))
    return [c for c in every if unicodedata.category(c) not in {"Cn", "Cs"}]

"""Values of the same shape: a digit for a digit, a letter for a letter."""

from __future__ import annotations

import string
import unicodedata
from typing import TYPE_CHECKING

from isinglass.transforms.pii.operators.normalised import normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from isinglass.transforms.pii.operators.surrogates.stream import Stream

    Check = Callable[[str], bool | None]

MOST_TRIES = 64
"""Draws before a check that accepts everything is given up on. A check digit of one
decimal lets a random value pass once in ten: 64 times in a row once in 10**64."""

# First and last code point of a script, then of the letters that are drawn for it.
_SCRIPTS = (
    (0x0370, 0x03FF, 0x03C3, 0x03C9),  # Greek, after the final sigma
    (0x0400, 0x04FF, 0x0430, 0x044F),  # Cyrillic
    (0x0590, 0x05FF, 0x05D0, 0x05EA),  # Hebrew
    (0x0600, 0x06FF, 0x0628, 0x063A),  # Arabic
    (0x0900, 0x097F, 0x0915, 0x0928),  # Devanagari
    (0x0E00, 0x0E7F, 0x0E01, 0x0E2E),  # Thai
    (0x3040, 0x309F, 0x304B, 0x3062),  # Hiragana
    (0x30A0, 0x30FF, 0x30AB, 0x30C2),  # Katakana
    (0x3400, 0x9FFF, 0x4E00, 0x9FA5),  # Han
    (0xAC00, 0xD7A3, 0xAC00, 0xD7A3),  # Hangul
    (0xF900, 0xFAFF, 0x4E00, 0x9FA5),  # Han, compatibility
    (0x20000, 0x323AF, 0x4E00, 0x9FA5),  # Han, extensions
)


def same_shape(value: str, stream: Stream) -> str:
    """Another value of the same length and shape.

    A decimal digit becomes a digit of the same script, an upper-case letter an
    upper-case and a lower-case letter a lower-case one, of the same script where it is
    one of `_SCRIPTS` and else a Latin one; everything else stays. Short values have
    few fakes, 10**digits * 26**letters in all, so different ones may get the same.
    """
    pieces = []
    for char in value:
        if "0" <= char <= "9":
            pieces.append(string.digits[stream.below(10)])
        elif "a" <= char <= "z":
            pieces.append(string.ascii_lowercase[stream.below(26)])
        elif "A" <= char <= "Z":
            pieces.append(string.ascii_uppercase[stream.below(26)])
        elif char.isdecimal():
            zero = ord(char) - unicodedata.decimal(char)
            pieces.append(chr(zero + stream.below(10)))
        elif char.isalpha():
            pieces.append(_letter(char, stream))
        else:
            pieces.append(char)
    return "".join(pieces)


def _letter(char: str, stream: Stream) -> str:
    code, low, high = ord(char), ord("a"), ord("z")
    for first, last, lowest, highest in _SCRIPTS:
        if first <= code <= last:
            low, high = lowest, highest
    drawn = chr(low + stream.below(high - low + 1))
    return drawn.upper() if char.isupper() else drawn


def laid_over(value: str, digits: str) -> str:
    """The value with its decimal digits replaced, in order, in their own script.

    Args:
        value: Digits between anything.
        digits: As many ASCII digits as `value` has decimal digits.
    """
    drawn = iter(digits)
    if value.isascii():
        return "".join([next(drawn) if c.isdigit() else c for c in value])
    return "".join([_in_script(c, drawn) for c in value])


def _in_script(char: str, drawn: Iterator[str]) -> str:
    if not char.isdecimal():
        return char
    return chr(ord(char) - unicodedata.decimal(char) + int(next(drawn)))


def shaped(entity: str, value: str, stream: Stream, check: Check | None) -> str:
    """Another value of the same shape that the check of its kind refuses.

    Args:
        entity: Kind of the value.
        value: As it stands in the text.
        stream: Of the value.
        check: Says of a normalised value whether its check digits hold; None if it
            has none or cannot tell.

    Returns:
        The fake. `<ENTITY>` if no other value has this shape, as of an emoji; nothing
        for nothing.
    """
    value = unicodedata.normalize("NFC", value)
    own = normalised(entity, value)
    passing = ""
    for _ in range(MOST_TRIES):
        fake = same_shape(value, stream)
        other = normalised(entity, fake)
        if other == own:
            continue
        if check is None or check(other) is not True:
            return fake
        passing = fake
    if not passing and value:
        return f"<{entity}>"
    return passing

"""Drawn from a value key: values of the same shape, a letter for a letter."""

from __future__ import annotations

import hashlib
import struct
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from isinglass.transforms.characters import without_marks
from isinglass.transforms.pii.operators.normalised import normalised

if TYPE_CHECKING:
    Check = Callable[[str], bool | None]

MOST_TRIES = 64
"""Draws before a check that accepts everything is given up on. A check digit of one
decimal lets a random value pass once in ten: 64 times in a row once in 10**64."""

_FIRST_DRAWS = 32
_BYTES = 4

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


class Stream:
    """Numbers drawn from the value key of one value, the same on every machine.

    The value key is HMAC-SHA256(key, entity, normalised value), so the numbers tell
    nothing of the value to who does not have the key. SHAKE-256 (FIPS 202) stretches
    it: a longer output begins with the shorter one.
    """

    __slots__ = ("_at", "_draws", "_seed")

    def __init__(self, mark: str) -> None:
        self._seed = b"surrogate\0" + mark.encode()
        self._draws = self._stretched(_FIRST_DRAWS)
        self._at = 0

    def _stretched(self, count: int) -> tuple[int, ...]:
        digest = hashlib.shake_256(self._seed).digest(_BYTES * count)
        return struct.unpack(f">{count}I", digest)

    def below(self, count: int) -> int:
        """Next number from 0 to `count` - 1.

        32 bits are reduced modulo `count`, so small numbers are favoured by less
        than count / 2**32.
        """
        if self._at == len(self._draws):
            self._draws = self._stretched(2 * self._at)
        number = self._draws[self._at] % count
        self._at += 1
        return number

    def digits(self, count: int) -> str:
        """Next `count` decimal digits."""
        return "".join([str(self.below(10)) for _ in range(count)])

    def choice(self, items: Sequence[str]) -> str:
        """One of the items."""
        return items[self.below(len(items))]


def same_shape(value: str, stream: Stream) -> str:
    """Another value of the same shape, as many characters as a reader sees.

    Marks that stand apart, such as vowel signs, are left out with their letters.
    A decimal digit becomes a digit of the same script, an upper-case letter an
    upper-case and a lower-case letter a lower-case one, of the same script where it is
    one of `_SCRIPTS` and else a Latin one; everything else stays. Short values have
    few fakes, 10**digits * 26**letters in all, so different ones may get the same.
    """
    pieces = []
    for char in without_marks(value):
        if char.isdecimal():
            zero = ord(char) - unicodedata.decimal(char)
            pieces.append(chr(zero + stream.below(10)))
        elif char.isalpha():
            pieces.append(_letter(char, stream))
        else:
            pieces.append(char)
    return "".join(pieces)


def _letter(char: str, stream: Stream) -> str:
    code, low, high = ord(char), ord("a"), ord("z")
    for first, last, lowest, highest in () if char.isascii() else _SCRIPTS:
        if first <= code <= last:
            low, high = lowest, highest
    drawn = chr(low + stream.below(high - low + 1))
    return drawn.upper() if char.isupper() else drawn


def laid_over(value: str, digits: str) -> str:
    """The value with its decimal digits replaced, in order, in their own script.

    `digits` are as many ASCII digits as `value` has decimal digits.
    """
    drawn = iter(digits)
    return "".join(
        chr(ord(char) - unicodedata.decimal(char) + int(next(drawn)))
        if char.isdecimal()
        else char
        for char in value
    )


def shaped(entity: str, value: str, stream: Stream, check: Check | None) -> str:
    """Another value of the same shape that the check of its kind refuses.

    The check says of a normalised value whether its check digits hold; None if it
    cannot tell.
    It is `<ENTITY>` if no other value has this shape, as of an emoji; "" for nothing.
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

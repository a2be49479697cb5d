"""Digits of a written number, check digits of general kinds, and birth dates."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence

_SEPARATORS = re.compile(r"[\s./:\-\u00a0]")

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""Twice a digit, the digits of the result added."""

_SHIFT = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
"""The permutation of Verhoeff (1969), Error Detecting Decimal Codes; it is applied once
more at every further place."""

FIRST_YEAR, LAST_YEAR = 1925, 2039
"""Years of birth of people on record; transforms read no clock. Earlier years are rare
among the living, and common by chance in long row numbers."""

FIRST_NAMED_YEAR = 1900
"""The same for kinds of which a row of digits counts only next to a word."""


def compact(value: str) -> str:
    """A value without white space and the separators . / : and -, in capitals."""
    return _SEPARATORS.sub("", value).upper()


def digits_of(value: str, lengths: Sequence[int]) -> list[int] | None:
    """The digits of a number.

    Returns:
        The digits, or None if the number is of another length, holds anything but
        ASCII digits, or repeats one digit (which passes many checks and is nobody's).
    """
    plain = compact(value)
    if len(plain) not in lengths or not (plain.isascii() and plain.isdigit()):
        return None
    if len(set(plain)) == 1:
        return None
    return [int(char) for char in plain]


def weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    """Sum of the products of digits and weights, as far as there are weights."""
    return sum(d * w for d, w in zip(digits, weights, strict=False))


def passes_luhn(digits: Sequence[int]) -> bool:
    """Whether every second digit doubled, from the right, makes a sum divisible by 10.

    ISO/IEC 7812-1, annex B.
    """
    plain = sum(digits[-1::-2])
    return (plain + sum(_DOUBLED[d] for d in digits[-2::-2])) % 10 == 0


def passes_verhoeff(digits: Sequence[int]) -> bool:
    """Whether the product of the permuted digits in the dihedral group D5 is one.

    This check digit sees all neighbours that were swapped.
    """
    state = 0
    for place, digit in enumerate(reversed(digits)):
        permuted = digit
        for _ in range(place % 8):
            permuted = _SHIFT[permuted]
        state = _multiply(state, permuted)
    return state == 0


def _multiply(one: int, other: int) -> int:
    """Product in D5: 0 to 4 are rotations of a pentagon, 5 to 9 reflections."""
    rotation, reflected = other % 5, other >= 5  # noqa: PLR2004
    if one < 5:  # noqa: PLR2004
        return (one + rotation) % 5 + 5 * reflected
    return (one - rotation) % 5 + 5 * (not reflected)


def is_date(year: int, month: int, day: int, *, first: int = FIRST_YEAR) -> bool:
    """Whether a day exists and somebody on record since `first` may be born on it."""
    if not first <= year <= LAST_YEAR or not 1 <= month <= 12:  # noqa: PLR2004
        return False
    return 1 <= day <= calendar.monthrange(year, month)[1]


def is_day(digits: Sequence[int]) -> bool:
    """Whether six digits, year, month and day, are a day of some century.

    People of a hundred years and more are not refused: their years are those of
    children, too.
    """
    year, month, day = (10 * digits[at] + digits[at + 1] for at in (0, 2, 4))
    return any(is_date(century + year, month, day) for century in (1900, 2000))

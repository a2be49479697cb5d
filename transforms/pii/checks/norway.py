"""The Norwegian birth number and D-number."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import (
    FIRST_NAMED_YEAR,
    digits_of,
    is_date,
    weighted,
)

_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_TEMPORARY = 40
"""Added to the day of a D-number."""


def is_fodselsnummer(value: str) -> bool:
    """Whether birth date and both check digits (mod 11) of a number hold.

    The three digits behind the date tell the century: from 500 on births since 2000,
    if the year is below 40 (Regulation of the National Registry, 2017, chapter 2).
    """
    digits = digits_of(value, (11,))
    if (
        digits is None
        or weighted(digits, _FIRST) % 11
        or weighted(digits, _SECOND) % 11
    ):
        return False
    day, month, year = (digits[at] * 10 + digits[at + 1] for at in (0, 2, 4))
    serial = digits[6] * 100 + digits[7] * 10 + digits[8]
    if serial < 500 or (serial >= 900 and year >= 40):  # noqa: PLR2004
        year += 1900
    else:
        year += 2000 if year < 40 else 1800  # noqa: PLR2004
    return is_date(
        year, month, day - _TEMPORARY * (day > _TEMPORARY), first=FIRST_NAMED_YEAR
    )

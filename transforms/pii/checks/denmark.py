"""The Danish civil registration number (CPR)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import (
    FIRST_NAMED_YEAR,
    digits_of,
    is_date,
    weighted,
)

_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def is_cpr(value: str) -> bool:
    """Whether the birth date of a number holds.

    The seventh digit tells the century, together with the year ("Personnummeret i
    CPR", CPR-kontoret). Numbers without a check digit are given since 2007.
    """
    digits = digits_of(value, (10,))
    if digits is None:
        return False
    day, month, year = (digits[at] * 10 + digits[at + 1] for at in (0, 2, 4))
    seventh = digits[6]
    if seventh <= 3 or (seventh in (4, 9) and year >= 37):  # noqa: PLR2004
        year += 1900
    else:
        year += 2000 if year <= 57 else 1800  # noqa: PLR2004
    return is_date(year, month, day, first=FIRST_NAMED_YEAR)


def is_checked_cpr(value: str) -> bool:
    """Whether birth date and check digit (mod 11) hold, as they did for all once."""
    digits = digits_of(value, (10,))
    return digits is not None and weighted(digits, _WEIGHTS) % 11 == 0 and is_cpr(value)

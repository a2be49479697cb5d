"""The Swedish personal number and coordination number."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import (
    FIRST_NAMED_YEAR,
    digits_of,
    is_date,
    passes_luhn,
)

_COORDINATION = 60
"""Added to the day of a coordination number."""


def is_personnummer(value: str) -> bool:
    """Whether birth date and Luhn digit of a personal or coordination number hold.

    In the short form + says that the holder is a hundred years old or will be within
    the year (Act 1991:481, section 18).
    """
    digits = digits_of(value.replace("+", "-"), (10, 12))
    if digits is None or not passes_luhn(digits[-10:]) or digits[-4:-1] == [0, 0, 0]:
        return False
    year, month, day = (digits[at] * 10 + digits[at + 1] for at in (-10, -8, -6))
    if len(digits) == 12:  # noqa: PLR2004
        centuries = [digits[0] * 1000 + digits[1] * 100]
    else:
        centuries = [1900] if "+" in value else [1900, 2000]
    return any(
        is_date(century + year, month, day % _COORDINATION, first=FIRST_NAMED_YEAR)
        for century in centuries
    )

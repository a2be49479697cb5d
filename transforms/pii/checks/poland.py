"""The Polish identity number (PESEL)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import digits_of, is_date, weighted

_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
_CENTURIES = (1900, 2000, 2100, 2200, 1800)
"""By how many times 20 was added to the month of birth."""


def is_pesel(value: str) -> bool:
    """Whether birth date and check digit of a PESEL hold (weighted sum, mod 10)."""
    digits = digits_of(value, (11,))
    if digits is None or weighted(digits, _WEIGHTS) % 10 != 0:
        return False
    added, month = divmod(digits[2] * 10 + digits[3], 20)
    year = _CENTURIES[added] + digits[0] * 10 + digits[1]
    return is_date(year, month, digits[4] * 10 + digits[5])

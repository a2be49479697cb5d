"""The Austrian social insurance number (Sozialversicherungsnummer)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import digits_of, is_day, weighted

_WEIGHTS = (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)
_FIRST_SERIAL = 100
_MONTHS = 12
_LAST_MONTH = 15


def is_insurance_number(value: str) -> bool:
    """Whether check digit and birth date (day, month, year) of a number hold.

    Mod 11 over all digits but the fourth, which is the rest; a rest of 10 is not
    given. Months 13 to 15 stand for births on days whose serial numbers are used up.
    """
    digits = digits_of(value, (10,))
    if digits is None or digits[0] == 0 or weighted(digits, _WEIGHTS) % 11 != digits[3]:
        return False
    day, month, year = digits[4:6], digits[6:8], digits[8:]
    if _MONTHS < month[0] * 10 + month[1] <= _LAST_MONTH:
        month = [0, 1]
    return is_day([*year, *month, *day])

"""The Korean resident registration number."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import (
    FIRST_YEAR,
    digits_of,
    is_date,
    weighted,
)

_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_CENTURIES = {9: 1800, 0: 1800, 1: 1900, 2: 1900, 3: 2000, 4: 2000}
_FOREIGN_CENTURIES = {5: 1900, 6: 1900, 7: 2000, 8: 2000}
_UNCHECKED_SINCE = 2020
_FIRST_RECORDED = 1880
"""The oldest who were alive when the numbers were introduced in 1968."""


def is_rrn(value: str) -> bool:
    """Whether birth date and check digit of a registration number hold.

    Mod 11 with weights 2 to 9 and 2 to 5; two more for foreigners. Numbers given since
    October 2020 have random digits after the seventh (Ministry of the Interior and
    Safety), so that for births since then only the date is looked at. Births before
    `FIRST_YEAR` count where a separator is written.
    """
    digits = digits_of(value, (13,))
    if digits is None:
        return False
    century = (_CENTURIES | _FOREIGN_CENTURIES)[digits[6]]
    year = century + digits[0] * 10 + digits[1]
    first = FIRST_YEAR if value.isdigit() else _FIRST_RECORDED
    month, day = digits[2] * 10 + digits[3], digits[4] * 10 + digits[5]
    if not is_date(year, month, day, first=first):
        return False
    if year >= _UNCHECKED_SINCE:
        return True
    added = 13 if digits[6] in _FOREIGN_CENTURIES else 11
    return (added - weighted(digits[:12], _WEIGHTS) % 11) % 10 == digits[12]

"""The Korean resident registration number."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import digits_of, is_date, weighted

_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_CENTURIES = {9: 1800, 0: 1800, 1: 1900, 2: 1900, 3: 2000, 4: 2000}
_FOREIGN_CENTURIES = {5: 1900, 6: 1900, 7: 2000, 8: 2000}
_UNCHECKED_SINCE = 2020


def is_rrn(value: str) -> bool:
    """Whether birth date and check digit of a registration number hold.

    Mod 11 with weights 2 to 9 and 2 to 5; two more for foreigners. Numbers given since
    October 2020 have random digits after the seventh (Ministry of the Interior and
    Safety), so that for births since then only the date is looked at.
    """
    digits = digits_of(value, (13,))
    if digits is None:
        return False
    century = (_CENTURIES | _FOREIGN_CENTURIES)[digits[6]]
    year = century + digits[0] * 10 + digits[1]
    if not is_date(year, digits[2] * 10 + digits[3], digits[4] * 10 + digits[5]):
        return False
    if year >= _UNCHECKED_SINCE:
        return True
    added = 13 if digits[6] in _FOREIGN_CENTURIES else 11
    return (added - weighted(digits[:12], _WEIGHTS) % 11) % 10 == digits[12]

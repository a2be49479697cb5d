"""The Japanese individual number (My Number)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import digits_of, weighted

_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def is_individual_number(value: str) -> bool:
    """Whether the check digit of a number holds: 11 less the sum mod 11.

    Ten and eleven are written 0 (Ordinance 85 of the Ministry of Internal Affairs and
    Communications, 2014, article 5).
    """
    digits = digits_of(value, (12,))
    if digits is None:
        return False
    return -weighted(digits, _WEIGHTS) % 11 % 10 == digits[11]

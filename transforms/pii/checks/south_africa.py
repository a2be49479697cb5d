"""The South African identity number."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import digits_of, is_day, passes_luhn

_CITIZENSHIPS = (0, 1, 2)
"""Citizen, permanent resident, refugee."""

_UNUSED = (8, 9)
"""Where the Population Registration Act of 1950 put a group; given anew since 1986."""


def is_identity_number(value: str) -> bool:
    """Whether birth date, citizenship and check digit (Luhn) of a number hold."""
    digits = digits_of(value, (13,))
    if digits is None or digits[10] not in _CITIZENSHIPS or digits[11] not in _UNUSED:
        return False
    return is_day(digits[:6]) and passes_luhn(digits)

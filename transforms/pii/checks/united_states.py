"""The social security number and the taxpayer number of the United States."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import compact, digits_of

_SPECIMENS = frozenset({"078051120", "219099999", "123456789"})
"""Printed on a card in wallets (1938) and in a pamphlet (1940): Social Security
Administration, "Social Security Cards Issued by Woolworth"; the row of digits that
forms and manuals show."""

_ADVERTISED = range(987_65_4320, 987_65_4330)
"""Kept for advertisements."""

_ITIN_GROUPS = frozenset(
    {*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)}
)
"""Internal Revenue Manual 3.21.263."""

_NINES = 900


def is_ssn(value: str) -> bool:
    """Whether a number may be a US social security number.

    There is no check digit. Area 000 and 666, group 00 and serial 0000 are never
    issued (Social Security Administration, POMS RM 10201.035); what begins with 9 and
    has a group of the ITIN is one of those. Other numbers that begin with 9 count,
    because they are written like the real ones.
    """
    digits = digits_of(value, (9,))
    return digits is not None and not is_never_issued_ssn(value) and not is_itin(value)


def is_never_issued_ssn(value: str) -> bool:
    """Whether a social security number is a known specimen or in no issued range."""
    number = compact(value)
    if number in _SPECIMENS or (number.isdigit() and int(number) in _ADVERTISED):
        return True
    return number[:3] in ("000", "666") or number[3:5] == "00" or number[5:9] == "0000"


def is_itin(value: str) -> bool:
    """Whether a number is in the ranges of the US taxpayer number (ITIN)."""
    digits = digits_of(value, (9,))
    if digits is None or digits[0] != _NINES // 100:
        return False
    return digits[3] * 10 + digits[4] in _ITIN_GROUPS

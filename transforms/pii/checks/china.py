"""The Chinese resident identity number (GB 11643-1999, check character ISO 7064)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import is_date, weighted

_CHARACTERS = "10X98765432"
"""Check character by remainder of the weighted sum, ISO 7064 mod 11-2."""

_WEIGHTS = tuple(2**power % 11 for power in range(17, 0, -1))

_PROVINCES = frozenset(
    {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45}
    | {46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83}
)
"""First two digits of the area codes of GB/T 2260."""


def has_id_form(value: str) -> bool:
    """Whether a value has the length, area and birth date of an identity number."""
    body = _number(value)[:-1]
    if len(body) != len(_WEIGHTS) or not (body.isascii() and body.isdigit()):
        return False
    known = int(body[:2]) in _PROVINCES
    return known and is_date(int(body[6:10]), int(body[10:12]), int(body[12:14]))


def is_id_number(value: str) -> bool:
    """Whether area, birth date and check character of an identity number hold."""
    if not has_id_form(value):
        return False
    number = _number(value)
    total = weighted([int(digit) for digit in number[:-1]], _WEIGHTS)
    return number[-1] == _CHARACTERS[total % 11]


def _number(value: str) -> str:
    return value.replace(" ", "").replace("-", "").upper()

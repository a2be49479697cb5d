"""The Chinese resident identity number (GB 11643-1999, check character ISO 7064)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.dates import is_date

_LENGTH = 18
_CHARACTERS = "10X98765432"
"""Check character by remainder of the weighted sum, ISO 7064 mod 11-2."""

_WEIGHTS = tuple(2**power % 11 for power in range(17, 0, -1))

_PROVINCES = frozenset(
    {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45}
    | {46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83}
)
"""First two digits of the area codes of GB/T 2260."""


def is_id(value: str, *, check: bool = True) -> bool:
    """Whether area, birth date and check character of an identity number hold.

    Args:
        value: 17 digits and a digit or X.
        check: Whether to test the check character, too.
    """
    number = value.replace(" ", "").replace("-", "").upper()
    body = number[: _LENGTH - 1]
    if len(number) != _LENGTH or not (body.isascii() and body.isdigit()):
        return False
    if int(body[:2]) not in _PROVINCES:
        return False
    if not is_date(int(body[6:10]), int(body[10:12]), int(body[12:14])):
        return False
    total = sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True))
    return not check or number[-1] == _CHARACTERS[total % 11]


def is_id_number(value: str) -> bool:
    """`is_id` with its check character."""
    return is_id(value)

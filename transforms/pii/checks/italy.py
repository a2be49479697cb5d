"""The Italian tax code (codice fiscale)."""

from __future__ import annotations

_LENGTH = 16
_DIGITS_AT = (6, 7, 9, 10, 12, 13, 14)
_REPLACED = "LMNPQRSTUV"
"""Letters in place of 0 to 9 where two people would share a code (omocodia)."""

_MONTHS = "ABCDEHLMPRST"
_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10)
_ODD_VALUES = (*_ODD, 22, 25, 24, 23)
"""Values of A to Z, and of 0 to 9 as of A to J, at the first, third, ... character:
Decreto Ministeriale 23 December 1976, article 7."""


def is_fiscal_code(value: str) -> bool:
    """Whether birth day, month and check letter of a tax code hold."""
    code = value.upper().replace(" ", "")
    if len(code) != _LENGTH or not (code.isascii() and code.isalnum()):
        return False
    digits = {at: _as_digit(code[at]) for at in _DIGITS_AT}
    if any(digit is None for digit in digits.values()) or code[8] not in _MONTHS:
        return False
    day = (digits[9] or 0) * 10 + (digits[10] or 0)
    # Forty is added for women.
    if not 1 <= day % 40 <= 31 or day > 71:  # noqa: PLR2004
        return False
    total = sum(
        _ODD_VALUES[_rank(char)] if at % 2 == 0 else _rank(char)
        for at, char in enumerate(code[:-1])
    )
    return code[-1] == chr(ord("A") + total % 26)


def _as_digit(char: str) -> int | None:
    if char.isdigit():
        return int(char)
    return _REPLACED.index(char) if char in _REPLACED else None


def _rank(char: str) -> int:
    return int(char) if char.isdigit() else ord(char) - ord("A")

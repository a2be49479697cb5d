"""The tax numbers of Spaniards (NIF) and of foreigners in Spain (NIE)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import compact

_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
"""By remainder of the number divided by 23: Real Decreto 1553/2005, article 11."""

_FIRST = {"X": "0", "Y": "1", "Z": "2"}
_LENGTH = 9


def is_nif(value: str) -> bool:
    """Whether the letter of a NIF fits its eight digits."""
    number = compact(value)
    digits = number[:-1]
    if len(number) != _LENGTH or not (digits.isascii() and digits.isdigit()):
        return False
    return len(set(digits)) > 1 and number[-1] == _LETTERS[int(digits) % 23]


def is_nie(value: str) -> bool:
    """Whether the letter of a NIE fits: X, Y or Z count as 0, 1 and 2."""
    number = compact(value)
    return number[:1] in _FIRST and is_nif(_FIRST[number[0]] + number[1:])

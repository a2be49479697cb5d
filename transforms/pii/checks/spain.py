"""The tax numbers of Spaniards (NIF) and of foreigners in Spain (NIE)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import compact

_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
"""By remainder of the number divided by 23: Real Decreto 1553/2005, article 11."""

_FIRST = {"X": "0", "Y": "1", "Z": "2"}
_SPECIAL = ("K", "L", "M")
"""Of Spaniards below 14 years or abroad, and of foreigners without NIE: Real Decreto
1065/2007, article 20."""

_DIGITS = (7, 8)


def is_nif(value: str) -> bool:
    """Whether the letter of a NIF fits its digits.

    They are eight; a zero in front is often left out, or a letter K, L or M stands
    there and does not count.
    """
    number = compact(value)
    special = number.startswith(_SPECIAL)
    digits = number[special:-1]
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in _DIGITS:
        return False
    if special and len(digits) != min(_DIGITS):
        return False
    return len(set(digits)) > 1 and number[-1] == _LETTERS[int(digits) % 23]


def is_nie(value: str) -> bool:
    """Whether the letter of a NIE fits: X, Y or Z count as 0, 1 and 2."""
    number = compact(value)
    if number[:1] not in _FIRST or len(number) != max(_DIGITS) + 1:
        return False
    return is_nif(_FIRST[number[0]] + number[1:])

"""The Indian Aadhaar number, with the check digit of Verhoeff."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import digits_of

_FIVE = 5
_SHIFT = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
"""The permutation of Verhoeff (1969), Error Detecting Decimal Codes; it is applied once
more at every further place."""


def is_aadhaar(value: str) -> bool:
    """Whether the check digit of an Aadhaar number holds; it begins with 2 to 9.

    Args:
        value: Twelve digits, with or without separators.
    """
    digits = digits_of(value, (12,))
    return digits is not None and digits[0] > 1 and passes_verhoeff(digits)


def passes_verhoeff(digits: list[int]) -> bool:
    """Whether the product of the permuted digits in the dihedral group D5 is one."""
    state = 0
    for place, digit in enumerate(reversed(digits)):
        permuted = digit
        for _ in range(place % 8):
            permuted = _SHIFT[permuted]
        state = multiply(state, permuted)
    return state == 0


def multiply(one: int, other: int) -> int:
    """Product in D5: 0 to 4 are rotations of a pentagon, 5 to 9 reflections."""
    rotation, reflected = other % _FIVE, other >= _FIVE
    if one < _FIVE:
        return (one + rotation) % _FIVE + _FIVE * reflected
    return (one - rotation) % _FIVE + _FIVE * (not reflected)

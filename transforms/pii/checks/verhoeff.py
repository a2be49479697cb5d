"""The check digit of Verhoeff, which sees all neighbours that were swapped."""

from __future__ import annotations

_FIVE = 5
_SHIFT = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
"""The permutation of Verhoeff (1969), Error Detecting Decimal Codes; it is applied once
more at every further place."""


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

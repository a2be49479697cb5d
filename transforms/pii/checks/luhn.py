"""The Luhn check digit (ISO/IEC 7812-1, annex B)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""Twice a digit, the digits of the result added."""


def passes_luhn(digits: Sequence[int]) -> bool:
    """Whether every second digit doubled, from the right, makes a sum divisible by 10.

    Args:
        digits: The digits from left to right, the check digit last.
    """
    plain = sum(digits[-1::-2])
    return (plain + sum(_DOUBLED[d] for d in digits[-2::-2])) % 10 == 0

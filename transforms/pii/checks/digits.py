"""Digits of a written number, and the weighted sums that most check digits are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEPARATORS = re.compile(r"[\s./\-\u00a0]")


def compact(value: str) -> str:
    """A value without white space, dots, slashes and hyphens, in capitals."""
    return _SEPARATORS.sub("", value).upper()


def digits_of(value: str, lengths: Sequence[int]) -> list[int] | None:
    """The digits of a number.

    Args:
        value: Digits with or without separators.
        lengths: Numbers of digits that are allowed.

    Returns:
        The digits, or None if the number is of another length, holds anything but
        ASCII digits, or repeats one digit (which passes many checks and is nobody's).
    """
    plain = compact(value)
    if len(plain) not in lengths or not (plain.isascii() and plain.isdigit()):
        return None
    if len(set(plain)) == 1:
        return None
    return [int(char) for char in plain]


def weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    """Sum of the products of digits and weights, as far as there are weights."""
    return sum(d * w for d, w in zip(digits, weights, strict=False))

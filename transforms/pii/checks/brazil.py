"""The Brazilian taxpayer number (CPF)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import digits_of, weighted


def is_cpf(value: str) -> bool:
    """Whether both check digits of a CPF hold (mod 11, weights 10-2 and 11-2)."""
    digits = digits_of(value, (11,))
    if digits is None:
        return False
    first = -weighted(digits[:9], range(10, 1, -1)) % 11 % 10
    second = -weighted(digits[:10], range(11, 1, -1)) % 11 % 10
    return digits[9:] == [first, second]

"""The Chilean identity and tax number (RUN, RUT)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import compact, digits_of, weighted

_CHECKS = "0K987654321"
"""By remainder, mod 11: Servicio de Impuestos Internos."""

_PEOPLE = range(1_000_000, 50_000_000)
"""What is above was given to companies."""

_LENGTHS = (7, 8, 9)


def is_run(value: str) -> bool:
    """Whether a number is of a person and its check character holds.

    Weights 2 to 7 from the right, over and over.
    """
    number = compact(value)
    digits = digits_of(number[:-1], _LENGTHS)
    if digits is None or int(number[:-1]) not in _PEOPLE:
        return False
    total = weighted(digits[::-1], (2, 3, 4, 5, 6, 7, 2, 3, 4))
    return _CHECKS[total % 11] == number[-1]

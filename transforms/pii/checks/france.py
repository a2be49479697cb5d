"""The French registration number (NIR), known as the social security number."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import compact

_LENGTH = 15
_CORSICA = {"2A": "19", "2B": "18"}


def is_nir(value: str) -> bool:
    """Whether the key of a registration number holds: 97 less the number mod 97.

    The departments of Corsica count as 19 (2A) and 18 (2B), INSEE. Months above 12
    stand for births without a known date.
    """
    number = compact(value)
    department = number[5:7]
    number = number[:5] + _CORSICA.get(department, department) + number[7:]
    if len(number) != _LENGTH or not (number.isascii() and number.isdigit()):
        return False
    month = int(number[3:5])
    known = 1 <= month <= 12 or 20 <= month <= 42 or month >= 50  # noqa: PLR2004
    if not known or department == "00" or len(set(number)) == 1:
        return False
    return int(number[13:]) == 97 - int(number[:13]) % 97

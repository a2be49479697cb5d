"""Portuguese numbers: tax (NIF), citizen card, social security (NISS)."""

from __future__ import annotations

import re

from isinglass.transforms.pii.checks.digits import compact, digits_of, weighted

_NISS_WEIGHTS = (29, 23, 19, 17, 13, 11, 7, 5, 3, 2, 1)
_DOCUMENT = re.compile("[0-9]{9}[A-Z][A-Z0-9][0-9]")


def is_nif(value: str) -> bool:
    """Whether the check digit of a NIF of a person holds, also behind PT.

    Those of people begin with 1, 2, 3, or 45 for non-residents.
    """
    number = compact(value).removeprefix("PT")
    return number.startswith(("1", "2", "3", "45")) and is_civil_number(number)


def is_civil_number(value: str) -> bool:
    """Whether the check digit of a civil identification number holds.

    Mod 11, as for the NIF; in both, 0 stands for 10.
    """
    digits = digits_of(value, (9,))
    if digits is None:
        return False
    return -weighted(digits[:8], range(9, 1, -1)) % 11 % 10 == digits[8]


def is_citizen_card(value: str) -> bool:
    """Whether both check digits of the document number of a citizen card hold.

    The tenth character is that of the civil number, the last one is of all twelve
    characters (AMA, "Validação de Número de Documento do Cartão de Cidadão", version
    1.0): from the right, every second value is doubled, less 9 if it is above.
    """
    number = compact(value)
    if _DOCUMENT.fullmatch(number) is None:
        return False
    values = [int(char, 36) for char in number]
    doubled = [2 * one - 9 * (2 * one > 9) for one in values[::2]]  # noqa: PLR2004
    if (sum(doubled) + sum(values[1::2])) % 10 != 0:
        return False
    return int(number[:9]) == 0 or is_civil_number(number[:9])


def is_niss(value: str) -> bool:
    """Whether the check digit of a NISS of a person holds: primes as weights."""
    digits = digits_of(value, (11,))
    if digits is None or digits[0] != 1:
        return False
    return weighted(digits, _NISS_WEIGHTS) % 10 == 9  # noqa: PLR2004 - the complement

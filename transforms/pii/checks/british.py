"""Numbers of the United Kingdom and Australia."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import digits_of, weighted

_TFN_WEIGHTS = (1, 4, 3, 7, 5, 8, 6, 9, 10)
_MEDICARE_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9)
_MEDICARE_FIRST = range(2, 7)


def is_nhs_number(value: str) -> bool:
    """Whether the check digit of an NHS number holds (mod 11, weights 10 to 2).

    NHS Data Dictionary, "NHS Number": 11 is written 0, 10 is not issued.

    Args:
        value: Ten digits, with or without separators.
    """
    digits = digits_of(value, (10,))
    if digits is None:
        return False
    return -weighted(digits[:9], range(10, 1, -1)) % 11 == digits[9]


def is_tfn(value: str) -> bool:
    """Whether an Australian tax file number of nine digits holds (weighted, mod 11).

    Args:
        value: Nine digits, with or without separators.
    """
    digits = digits_of(value, (9,))
    return digits is not None and weighted(digits, _TFN_WEIGHTS) % 11 == 0


def is_medicare(value: str) -> bool:
    """Whether the check digit of an Australian Medicare number holds (mod 10).

    Eight digits, the check digit, the issue, and often the position on the card.

    Args:
        value: Ten or eleven digits, with or without separators.
    """
    digits = digits_of(value, (10, 11))
    if digits is None or digits[0] not in _MEDICARE_FIRST or digits[9] == 0:
        return False
    return weighted(digits[:8], _MEDICARE_WEIGHTS) % 10 == digits[8]

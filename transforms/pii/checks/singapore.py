"""The numbers of the Singaporean identity card (NRIC) and of foreigners (FIN)."""

from __future__ import annotations

from isinglass.transforms.pii.checks.digits import compact, digits_of, weighted

_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)

_SERIES = {
    "S": (0, "JZIHGFEDCBA"),
    "T": (4, "JZIHGFEDCBA"),
    "F": (0, "XWUTRQPNMLK"),
    "G": (4, "XWUTRQPNMLK"),
    "M": (3, "XWUTRQPNJLK"),
}
"""What is added to the sum, and the last letter by remainder. M: foreigners since 2022
(Immigration and Checkpoints Authority)."""


def is_nric(value: str) -> bool:
    """Whether the last letter of an NRIC or FIN fits its series and digits (mod 11)."""
    number = compact(value)
    digits = digits_of(number[1:-1], (7,))
    if digits is None or number[0] not in _SERIES:
        return False
    added, letters = _SERIES[number[0]]
    return letters[(added + weighted(digits, _WEIGHTS)) % 11] == number[-1]

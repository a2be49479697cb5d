"""The German tax identification number."""

from __future__ import annotations

from collections import Counter

from isinglass.transforms.pii.checks.digits import digits_of


def is_tax_id(value: str) -> bool:
    """Whether a tax identification number holds.

    ISO 7064 mod 11,10; of the first ten digits exactly one occurs twice or three times
    (Federal Central Tax Office, "Die Prüfziffer der Identifikationsnummer").
    """
    digits = digits_of(value, (11,))
    if digits is None or digits[0] == 0:
        return False
    repeated = [count for count in Counter(digits[:10]).values() if count > 1]
    if repeated not in ([2], [3]):
        return False
    return mod_11_10(digits[:10]) == digits[10]


def mod_11_10(digits: list[int]) -> int:
    """Check digit of the hybrid system mod 11,10 of ISO 7064."""
    product = 10
    for digit in digits:
        product = ((digit + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10

"""The tax number and the identity card number of Germany."""

from __future__ import annotations

from collections import Counter

from isinglass.transforms.pii.checks.digits import compact, digits_of, weighted

_CARD_LENGTH = 10
_CARD_WEIGHTS = (7, 3, 1, 7, 3, 1, 7, 3, 1)


def is_german_tax_id(value: str) -> bool:
    """Whether a tax identification number holds.

    ISO 7064 mod 11,10; of the first ten digits exactly one occurs twice or three times
    (Federal Central Tax Office, "Die Prüfziffer der Identifikationsnummer").

    Args:
        value: Eleven digits, with or without separators.
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


def is_german_id_card(value: str) -> bool:
    """Whether the check digit of a card number holds (weights 7, 3, 1; ICAO 9303-3).

    Args:
        value: Nine letters and digits, then the check digit.
    """
    number = compact(value)
    if len(number) != _CARD_LENGTH or not number[-1].isdigit():
        return False
    if not (number.isascii() and number.isalnum()) or len(set(number)) == 1:
        return False
    values = [int(char, 36) for char in number[:-1]]
    return weighted(values, _CARD_WEIGHTS) % 10 == int(number[-1])

"""Who issued a payment card, by its first digits."""

from __future__ import annotations

_ISSUERS: tuple[tuple[str, str, str], ...] = (
    ("visa", "4", "4"),
    ("mastercard", "51", "55"),
    ("mastercard", "2221", "2720"),
    ("amex", "34", "34"),
    ("amex", "37", "37"),
    ("diners", "300", "305"),
    ("diners", "36", "36"),
    ("diners", "38", "39"),
    ("discover", "6011", "6011"),
    ("discover", "644", "649"),
    ("discover", "65", "65"),
    ("jcb", "3528", "3589"),
    ("unionpay", "62", "62"),
    ("mir", "2200", "2204"),
    ("maestro", "50", "50"),
    ("maestro", "56", "58"),
    ("maestro", "67", "67"),
)
"""Name, first and last prefix, as the networks publish them (ISO/IEC 7812-1)."""


def issuer_of(digits: str) -> tuple[str, int]:
    """Name of the issuer, and how many digits name it.

    Args:
        digits: ASCII digits of a card number.

    Returns:
        An empty name and 1, the industry digit, for an issuer that is not listed.
    """
    for name, low, high in _ISSUERS:
        if low <= digits[: len(low)] <= high:
            return name, len(low)
    return "", 1

"""Made-up payment card numbers, which fail the Luhn check, and who issues real ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from isinglass.transforms.pii.checks.cards import is_card_number
from isinglass.transforms.pii.checks.luhn import passes_luhn
from isinglass.transforms.pii.operators.normalised import compact
from isinglass.transforms.pii.operators.surrogates.shape import laid_over

if TYPE_CHECKING:
    from isinglass.transforms.pii.operators.surrogates.shape import Stream

_SHORTEST, _LONGEST = 12, 19
"""Digits of a payment card number (ISO/IEC 7812-1; 12 are in use by Maestro)."""

_RUN = re.compile(rf"[0-9]{{{_SHORTEST},}}")
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
    """Name of the issuer of a card number, and how many of its digits name it.

    One that is not listed has an empty name and 1, the industry digit.
    """
    for name, low, high in _ISSUERS:
        if low <= digits[: len(low)] <= high:
            return name, len(low)
    return "", 1


def fake_card(value: str, stream: Stream) -> str | None:
    """A number of the same issuer, length and grouping whose check digit is wrong.

    The digits that name the issuer stay, at most four; a Visa number of 16 digits has
    9 * 10**14 fakes.

    Returns:
        None if the value has too few digits or has letters.
    """
    digits = compact(value)
    if len(digits) < _SHORTEST or not digits.isdecimal():
        return None
    _, kept = issuer_of(digits)
    body = digits[:kept] + stream.digits(len(digits) - kept - 1)
    right = next(n for n in range(10) if passes_luhn([*map(int, body), n]))
    return laid_over(value, f"{body}{(right + 1 + stream.below(9)) % 10}")


def is_fake_card(value: str) -> bool:
    """Whether a number fails the Luhn check; also what is no card number."""
    digits = compact(value)
    if len(digits) < _SHORTEST or not digits.isdecimal():
        return True
    return not passes_luhn([*map(int, digits)])


def holds_card(value: str) -> bool:
    """Whether 12 to 19 digits in a row are those of an issued card, Luhn digit too.

    Separators do not count, and a number may begin and end inside of a run: groups
    could be read so. Thus all spellings of a value get the same answer.
    """
    return any(_run_holds_card(run) for run in _RUN.findall(compact(value)))


def _run_holds_card(run: str) -> bool:
    return any(
        is_card_number(run[start:end])
        for start in range(len(run) - _SHORTEST + 1)
        for end in range(start + _SHORTEST, min(start + _LONGEST, len(run)) + 1)
    )

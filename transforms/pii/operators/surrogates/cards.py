"""Made-up payment card numbers, which fail the Luhn check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.transforms.pii.operators.issuers import issuer_of
from isinglass.transforms.pii.operators.normalised import compact
from isinglass.transforms.pii.operators.surrogates.shape import laid_over

if TYPE_CHECKING:
    from isinglass.transforms.pii.operators.surrogates.stream import Stream

_LEAST_DIGITS = 12
"""ISO/IEC 7812-1: the shortest numbers in use are those of Maestro."""


def fake_card(value: str, stream: Stream) -> str | None:
    """A number of the same issuer, length and grouping whose check digit is wrong.

    The digits that name the issuer stay, at most four; a Visa number of 16 digits has
    9 * 10**14 fakes.

    Returns:
        None if the value has too few digits or has letters.
    """
    digits = compact(value)
    if len(digits) < _LEAST_DIGITS or not digits.isdecimal():
        return None
    _, kept = issuer_of(digits)
    body = digits[:kept] + stream.digits(len(digits) - kept - 1)
    last = (luhn_digit(body) + 1 + stream.below(9)) % 10
    return laid_over(value, body + str(last))


def luhn_digit(body: str) -> int:
    """The digit that makes `body` pass the Luhn check (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, char in enumerate(reversed(body)):
        digit = int(char) * (2 - place % 2)
        total += digit - 9 * (digit > 9)  # noqa: PLR2004
    return -total % 10


def is_fake_card(value: str) -> bool:
    """Whether a number fails the Luhn check; also what is no card number."""
    digits = compact(value)
    if len(digits) < _LEAST_DIGITS or not digits.isdecimal():
        return True
    return luhn_digit(digits[:-1]) != int(digits[-1])

"""Made-up card and account numbers, whose check digits are wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from isinglass.transforms.pii.checks.cards import is_card_number
from isinglass.transforms.pii.checks.digits import passes_luhn
from isinglass.transforms.pii.operators.normalised import compact
from isinglass.transforms.pii.operators.surrogates.shape import laid_over, same_shape

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

CHECK_DIGITS = ("00", "01")
"""Those of ISO 13616 are 98 minus a remainder of 97 (ISO 7064), so 02 to 98."""

_HEAD = 4


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
    return any(
        is_card_number(run[start:end])
        for run in _RUN.findall(compact(value))
        for start in range(len(run) - _SHORTEST + 1)
        for end in range(start + _SHORTEST, min(start + _LONGEST, len(run)) + 1)
    )


def fake_iban(value: str, stream: Stream) -> str | None:
    """A number of the same country, length and grouping, with check digits 00 or 01.

    Returns:
        None if the value does not begin with two letters and two digits.
    """
    number = compact(value)
    if not _is_number(number):
        return None
    check = stream.choice(CHECK_DIGITS)
    places = [n for n, char in enumerate(value) if char.isalpha() or char.isdecimal()]
    start = places[_HEAD] if len(places) > _HEAD else len(value)
    head, rest = list(value[:start]), same_shape(value[start:], stream)
    if _passes(number[:2] + check + compact(rest)):
        check = CHECK_DIGITS[check == CHECK_DIGITS[0]]
    head[places[2]], head[places[3]] = check[0], check[1]
    return "".join(head) + rest


def _passes(number: str) -> bool:
    """Whether the remainder of 97 is 1, which not all checks hold against 01.

    ISO 13616: the first four characters last, and A to Z as 10 to 35.
    """
    if not number.isascii():
        return False
    moved = number[_HEAD:] + number[:_HEAD]
    return int("".join([str(int(char, 36)) for char in moved])) % 97 == 1


def is_fake_iban(value: str) -> bool:
    """Whether the check digits are none; also what is no such number."""
    number = compact(value)
    return not _is_number(number) or number[2:_HEAD] in CHECK_DIGITS


def _is_number(number: str) -> bool:
    head = number[:_HEAD]
    return len(head) == _HEAD and head[:2].isalpha() and head[2:].isdecimal()

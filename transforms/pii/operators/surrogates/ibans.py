"""Made-up bank account numbers, whose check digits are never given out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.transforms.pii.operators.normalised import compact
from isinglass.transforms.pii.operators.surrogates.shape import same_shape

if TYPE_CHECKING:
    from isinglass.transforms.pii.operators.surrogates.shape import Stream

CHECK_DIGITS = ("00", "01")
"""Those of ISO 13616 are 98 minus a remainder of 97 (ISO 7064), so 02 to 98."""

_HEAD = 4


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

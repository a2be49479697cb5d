"""Made-up bank account numbers, whose check digits are never given out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.transforms.pii.normalised import compact
from isinglass.transforms.pii.surrogates.shape import same_shape

if TYPE_CHECKING:
    from isinglass.transforms.pii.surrogates.stream import Stream

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
    pieces, seen, start = [], 0, len(value)
    for place, char in enumerate(value):
        if seen == _HEAD:
            start = place
            break
        if char.isalpha() or char.isdecimal():
            pieces.append(char if seen < 2 else check[seen - 2])  # noqa: PLR2004
            seen += 1
        else:
            pieces.append(char)
    return "".join(pieces) + same_shape(value[start:], stream)


def is_fake_iban(value: str) -> bool:
    """Whether the check digits are none; also what is no such number."""
    number = compact(value)
    return not _is_number(number) or number[2:_HEAD] in CHECK_DIGITS


def _is_number(number: str) -> bool:
    head = number[:_HEAD]
    return len(head) == _HEAD and head[:2].isalpha() and head[2:].isdecimal()

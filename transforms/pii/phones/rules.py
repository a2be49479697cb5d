"""Whether digits of a form are a telephone number, and whether of a plan."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.transforms.pii.checks.digits import passes_luhn
from isinglass.transforms.pii.phones.plans import (
    is_mobile,
    is_valid_abroad,
    is_valid_within,
)
from isinglass.transforms.pii.phones.runs import LEAST_DIGITS

if TYPE_CHECKING:
    from isinglass.transforms.pii.phones.forms import Form

MOST_E164_DIGITS = 15
LEAST_E164_DIGITS = 8
"""Shorter numbers with a country code exist on a few islands only."""

_CARD_DIGITS = 13
_BOOK_DIGITS = 13
_TRUNK_DIGITS = (9, 12)
_NORTH_AMERICAN_DIGITS = 10
_TRUNK_ZERO = re.compile(r"\(0+\)")
_LEAST_CHECKED = 9
"""Shorter numbers are valid in the plan of some region by chance."""

_PLACEHOLDER = "1234567"
_YEARS = re.compile(r"(?:1[0-9]|20)[0-9]{2}[-/. ](?:1[0-9]|20)[0-9]{2}")
_NOT_DIGITS = re.compile(r"[^0-9]")


def digits_of(value: str) -> str:
    """The ASCII digits of a number, without a bracketed trunk zero."""
    return _NOT_DIGITS.sub("", _TRUNK_ZERO.sub("", value) if "(0" in value else value)


@dataclass(frozen=True)
class Verdict:
    """What a plan says of a number.

    Attributes:
        is_valid: Whether a plan allows it.
        needs_word: Whether it is a number only next to a context word.
        in_script: Whether letters of a script without blanks next to it do as well.
    """

    is_valid: bool
    needs_word: bool
    in_script: bool = False


def judge(
    form: Form, value: str, regions: tuple[str, ...], plain: frozenset[str]
) -> Verdict | None:
    """Judge a number by its form and the plans.

    Returns:
        None if it is no number at all.
    """
    digits = digits_of(value)
    if _is_another(value, digits):
        return None
    if "+" in value:
        return _international(value, digits)
    if digits.startswith("00"):
        return _dialled_abroad(form, digits)
    valid = len(digits) >= _LEAST_CHECKED and is_valid_within(digits, regions)
    if form.need == "area":
        return _north_american(digits, valid)
    if form.need == "mobile" and len(digits) > LEAST_DIGITS and not valid:
        return None
    in_script = form.need == "mobile" and is_mobile(digits, regions, plain)
    return Verdict(valid, _needs_word(form, digits, valid), in_script)


def _needs_word(form: Form, digits: str, valid: bool) -> bool:  # noqa: FBT001
    if form.need == "trunk":
        least, most = _TRUNK_DIGITS
        return digits[0] != "0" or not least <= len(digits) <= most
    return form.need in ("context", "mobile") or (form.need == "plan" and not valid)


def _international(value: str, digits: str) -> Verdict | None:
    if len(digits) < LEAST_E164_DIGITS:
        return None
    valid = is_valid_abroad(digits)
    if valid is None:
        return None
    grouped = len(re.findall(r"[0-9]+", value)) > 1
    dotted = "." in value and value.count(".") == 1
    return Verdict(valid, needs_word=not valid and (not grouped or dotted))


def _dialled_abroad(form: Form, digits: str) -> Verdict | None:
    valid = is_valid_abroad(digits[2:]) is True
    if form.need == "area" and digits.startswith("001"):
        return Verdict(valid, needs_word=False)
    return Verdict(valid, needs_word=False) if valid else None


def _north_american(digits: str, valid: bool) -> Verdict | None:  # noqa: FBT001
    area = digits[-_NORTH_AMERICAN_DIGITS:][0]
    lead = digits[:-_NORTH_AMERICAN_DIGITS]
    if area in "01" or lead not in ("", "1"):
        # 0xx-xxx-xxxx is a number elsewhere.
        trunk = digits[0] == "0" and not lead
        return Verdict(valid, needs_word=False) if trunk else None
    # What is valid elsewhere, such as a mobile number of India, is not of this plan.
    return Verdict(
        is_valid_abroad("1" + digits[-_NORTH_AMERICAN_DIGITS:]) is True,
        needs_word=False,
    )


def _is_another(value: str, digits: str) -> bool:
    """Whether digits are too many, made up, a card, a book number or years."""
    if digits.startswith(_PLACEHOLDER) or len(digits) > MOST_E164_DIGITS:
        return True
    if "+" in value:
        return False
    if len(digits) >= _CARD_DIGITS and passes_luhn([int(digit) for digit in digits]):
        return True
    if len(digits) == _BOOK_DIGITS and digits.startswith(("978", "979")):
        return True
    return _YEARS.fullmatch(value) is not None

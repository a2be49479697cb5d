"""Made-up phone numbers: kept for fiction, or in no numbering plan."""

from __future__ import annotations

from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from isinglass.transforms.pii.data import load_data
from isinglass.transforms.pii.operators.normalised import phone_digits
from isinglass.transforms.pii.operators.surrogates.shape import Stream, laid_over

_NANP_DIGITS, _AREA = 10, 3
_LONGEST_CODE = 3
_SLOTS = {"#": 0, "N": 2}
"""The least digit that a character of a template stands for."""


def fake_phone(value: str, stream: Stream) -> str | None:
    """A number of the same length and punctuation, after the same calling code.

    After a plus sign or 00 the calling code stays. Then come, for North America, the
    United Kingdom, Australia and France, digits of a range kept for fiction; of these
    there are 10,000, 19,000, 80,000 and 60,000, so collisions are possible. Numbers of
    other countries, and those of another length, begin with digits that the plan of
    the country does not have. Without a calling code the country is not known: ten
    digits that may be North American get one of 1,000 numbers kept for fiction there,
    in an area that nobody has; everything else begins with zeros.
    None if the value has no digits.
    """
    digits = phone_digits(value)
    own = digits.removeprefix("+")
    if not own:
        return None
    head, rest = split_number(digits)
    if head:
        before = own[: len(own) - len(rest)]
        return laid_over(value, before + _national(int(head), rest, stream))
    if digits != own:
        return laid_over(value, _unassigned(len(own), stream))
    return laid_over(value, _unknown(own, stream))


def split_number(digits: str) -> tuple[str, str]:
    """Calling code and national number of what `phone_digits` returns.

    Returns:
        No code for a number that has neither a plus sign nor 00 before it, or where no
        country has the code.
    """
    own = digits.removeprefix("+")
    abroad = own[2:] if digits.startswith("00") else own if digits != own else ""
    for length in range(1, _LONGEST_CODE + 1):
        head = abroad[:length]
        if head[:1] not in ("", "0") and int(head) in COUNTRY_CODE_TO_REGION_CODE:
            return head, abroad[length:]
    return "", own


def _plans() -> dict[str, Any]:
    return load_data("surrogates", "phones").content


def _national(code: int, rest: str, stream: Stream) -> str:
    trunk = "0" if rest.startswith("0") else ""
    ranges = [
        template
        for template in _plans()["fictional"].get(code, ())
        if len(template) == len(rest) - len(trunk)
    ]
    first = rest[len(trunk) : len(trunk) + 1]
    alike = [template for template in ranges if template.startswith(first)]
    if ranges:
        return trunk + _filled(stream.choice(alike or ranges), stream)
    return _unassigned(len(rest), stream, code)


def _unassigned(length: int, stream: Stream, code: int | None = None) -> str:
    start: str = _plans()["unassigned_of"].get(code, _plans()["unassigned"])
    return (start + stream.digits(length))[:length]


def _unknown(digits: str, stream: Stream) -> str:
    nanp = len(digits) == _NANP_DIGITS and digits[0] not in "01"
    if nanp and digits[_AREA] not in "01":
        return _filled(_plans()["fictional_unknown"], stream)
    return _unassigned(len(digits), stream)


def _filled(template: str, stream: Stream) -> str:
    pieces = []
    for char in template:
        first = _SLOTS.get(char)
        pieces.append(char if first is None else str(first + stream.below(10 - first)))
    return "".join(pieces)


def is_fake_phone(value: str) -> bool:
    """Whether a number could have been made here; also what has no digits."""
    digits = phone_digits(value)
    head, rest = split_number(digits)
    code = int(head) if head else None
    if _starts(rest, _plans()["unassigned_of"].get(code, _plans()["unassigned"])):
        return True
    if code is None:
        fictional = _plans()["fictional_unknown"]
        return not digits.startswith("+") and _fits(fictional, rest)
    templates = _plans()["fictional"].get(code, ())
    tails = (rest, rest.removeprefix("0"))
    return any(_fits(template, tail) for template in templates for tail in tails)


def _starts(digits: str, start: str) -> bool:
    return digits[: len(start)] == start[: len(digits)]


def _fits(template: str, digits: str) -> bool:
    return len(template) == len(digits) and all(
        int(char) >= _SLOTS[wanted] if wanted in _SLOTS else wanted == char
        for wanted, char in zip(template, digits, strict=True)
    )

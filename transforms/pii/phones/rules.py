"""Whether digits of a form are a telephone number, and valid in which plan."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import phonenumbers

from isinglass.transforms.pii.checks.digits import passes_luhn
from isinglass.transforms.pii.data import load_data
from isinglass.transforms.pii.phones.runs import LEAST_DIGITS

if TYPE_CHECKING:
    from isinglass.transforms.pii.phones.forms import Form

_TYPES = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost"),
    *("personal_number", "voip", "pager", "uan", "voicemail"),
)
_LONGEST_CODE = 3


@lru_cache(maxsize=65_536)
def is_valid_abroad(digits: str) -> bool | None:
    """Whether a number with its country code, and without `+`, is valid.

    Args:
        digits: ASCII digits; a trunk prefix after the country code is allowed.
    None if there is no such country code, or no fixed line or mobile number of that
    length with it.
    """
    for length in range(1, _LONGEST_CODE + 1):
        code = int(digits[:length])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            if _country(code).fullmatch(digits, length):
                return True
            prefix, lengths = _lengths(code)
            own = digits[length:].removeprefix(prefix)
            likely = len(own) in lengths or len(digits) - length in lengths
            return False if likely else None
    return None


@lru_cache(maxsize=65_536)
def is_valid_within(digits: str, regions: tuple[str, ...]) -> bool:
    """Whether digits, as dialled within a region, are a valid number of one of them."""
    return any(_national(region).fullmatch(digits) for region in regions)


@lru_cache(maxsize=65_536)
def is_mobile(digits: str, regions: tuple[str, ...]) -> bool:
    """Whether digits are a mobile number of a region where these are told by digits."""
    plain = load_data("phones", "formats").content["plain_mobile"]
    return any(_mobile(r).fullmatch(digits) for r in regions if r in plain)


@lru_cache(maxsize=65_536)
def is_bare(digits: str, regions: tuple[str, ...]) -> bool:
    """Whether digits need no context word, by the plan of a region that says so."""
    wanted: dict[str, str] = load_data("phones", "formats").content["bare"]
    return any(
        _national(region).fullmatch(digits) is not None
        if wanted[region] == "all"
        else digits.startswith("0") and _mobile(region).fullmatch(digits) is not None
        for region in regions
        if region in wanted
    )


@cache
def _national(region: str) -> re.Pattern[str]:
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    # Regions that share a code share a plan, such as those of +1.
    return _dialled(plan.national_prefix, _numbers(_plans(plan.country_code)))


@cache
def _mobile(region: str) -> re.Pattern[str]:
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    mobile: str | None = getattr(plan.mobile, "national_number_pattern", None)
    fixed: str | None = getattr(plan.fixed_line, "national_number_pattern", None)
    told = [mobile] if mobile and mobile != fixed else []
    return _dialled(plan.national_prefix, told)


@cache
def _country(code: int) -> re.Pattern[str]:
    plans = _plans(code)
    return _dialled(plans[0].national_prefix, _numbers(plans))


@cache
def _lengths(code: int) -> tuple[str, frozenset[int]]:
    """The trunk prefix of a country code, and how many digits a number has without.

    Of the regions that share a code, the first is the one it belongs to.
    """
    plan = _plans(code)[0]
    kinds = (plan.fixed_line, plan.mobile)
    lengths = [n for kind in kinds if kind for n in kind.possible_length if n > 0]
    lengths = lengths or plan.general_desc.possible_length
    return plan.national_prefix or "", frozenset(lengths)


def _plans(code: int) -> list[Any]:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    if regions == ("001",):
        return [phonenumbers.PhoneMetadata.metadata_for_nongeo_region(code, None)]
    return [phonenumbers.PhoneMetadata.metadata_for_region(r, None) for r in regions]


def _numbers(plans: list[Any]) -> list[str]:
    items = [getattr(plan, name) for plan in plans for name in _TYPES]
    return [i.national_number_pattern for i in items if i and i.national_number_pattern]


def _dialled(prefix: str | None, numbers: list[str]) -> re.Pattern[str]:
    head = f"(?:{re.escape(prefix)})?" if prefix else ""
    return re.compile(f"{head}(?:{'|'.join(numbers)})" if numbers else r"(?!)")


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

_PLACEHOLDERS = ("1234567", "01234567", "0102030405")
_YEAR = r"(?:1[0-9]|20)[0-9]{2}"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
# Years, a year and pages of a citation, (2019) 505-510, thousands, or an IP address.
_OTHERS = re.compile(
    rf"{_YEAR}(?:[-/. ]{_YEAR})+|\({_YEAR}\).*|{_OCTET}(?:\.{_OCTET}){{3}}"
    r"|(?:19|20)[0-9]{2} [0-9]{2,4}-[0-9]{2,4}|[0-9]{1,3}(?: 000)+"
)
_MOST_NATIONAL = 12
"""Digits dialled within a country: eleven after a trunk prefix, as in Germany."""
_NOT_DIGITS = re.compile(r"[^0-9]")


def digits_of(value: str) -> str:
    """The ASCII digits of a number, without a bracketed trunk zero."""
    return _NOT_DIGITS.sub("", _TRUNK_ZERO.sub("", value) if "(0" in value else value)


@dataclass(frozen=True)
class Verdict:
    """What a plan says of a number.

    Attributes:
        needs_word: Whether it is a number only next to a context word.
        in_script: Whether letters of a script without blanks next to it do as well.
    """

    is_valid: bool
    needs_word: bool
    in_script: bool = False


def judge(form: Form, value: str, regions: tuple[str, ...]) -> Verdict | None:
    """Judge a number by its form and the plans.

    None if it is no number at all.
    """
    digits = digits_of(value)
    if len(digits) > MOST_E164_DIGITS or _is_card(value, digits):
        return None
    if "+" in value:
        return _international(value, digits)
    if digits.startswith("00"):
        return _dialled_abroad(form, digits)
    valid = len(digits) >= _LEAST_CHECKED and is_valid_within(digits, regions)
    if form.need == "area":
        return _north_american(digits, valid)
    odd = form.need == "mobile" and len(digits) > LEAST_DIGITS and not valid
    if odd or (len(digits) > _MOST_NATIONAL and not is_valid_abroad(digits)):
        return None
    in_script = form.need == "mobile" and is_mobile(digits, regions)
    needs_word = _needs_word(form, value, valid)
    # A slash makes a fraction as well.
    if needs_word and valid and "/" not in value and is_bare(digits, regions):
        needs_word = False
    return Verdict(valid, needs_word, in_script)


def _needs_word(form: Form, value: str, valid: bool) -> bool:  # noqa: FBT001
    digits = digits_of(value)
    if form.need == "trunk":
        least, most = _TRUNK_DIGITS
        dotted = "." in value and not valid
        return digits[0] != "0" or not least <= len(digits) <= most or dotted
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


def is_another(value: str) -> bool:
    """Whether digits are made up, of a book or a machine, years, or a citation."""
    digits = digits_of(value)
    if digits.startswith(_PLACEHOLDERS):
        return True
    if "+" in value:
        return False
    if len(digits) == _BOOK_DIGITS and digits.startswith(("978", "979")):
        return True
    return _OTHERS.fullmatch(value) is not None


def _is_card(value: str, digits: str) -> bool:
    if "+" in value or len(digits) < _CARD_DIGITS:
        return False
    return passes_luhn([int(digit) for digit in digits])

"""A quick look at number-like text, to show the phone recognizer only candidates."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

import phonenumbers

LEAST_DIGITS = 7
"""Shorter runs are years, prices and page numbers far more often than numbers to call.
ITU-T E.164 allows at most 15 digits; two more leave room for a carrier prefix."""

MOST_DIGITS = 17

_CANDIDATE = re.compile(r"\+?\d(?:[^0-9A-Za-z\n]{0,4}\d){6,}")
_GROUPS = re.compile(r"\d+")
_TYPES = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)


def candidate_regions(text: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    """Regions in whose plan some digits of the text may be a valid number.

    A superset: for regions that are left out, `phonenumbers` finds no number of at
    least seven digits in the text. International numbers are the same in all regions,
    so a text with a plus sign is given to the first region that is left, or to any.

    Args:
        text: A line or a window of one.
        regions: ISO 3166-1 codes.
    """
    found: set[str] = set()
    for match in _CANDIDATE.finditer(text):
        value = match.group()
        if (
            match.start()
            and text[match.start() - 1] == "("
            and text[match.start() - 2 : match.start() - 1] == "+"
        ):
            return regions
        if not value.isascii() or "+" in value or "\uff0b" in text:
            return regions
        for digits in _runs(value):
            found.update(_regions_of(digits, regions))
    return tuple(region for region in regions if region in found)


def _runs(value: str) -> list[str]:
    """Every row of digit groups that has as many digits as a number may have.

    The matcher also tries parts of a candidate, between any two separators.
    """
    groups = _GROUPS.findall(value)
    runs = []
    for i in range(len(groups)):
        digits = ""
        for group in groups[i:]:
            digits += group
            if len(digits) > MOST_DIGITS:
                break
            if len(digits) >= LEAST_DIGITS:
                runs.append(digits)
    return runs


@lru_cache(maxsize=65_536)
def _regions_of(digits: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(r for r in regions if _plan(r).fullmatch(digits))


@cache
def _plan(region: str) -> re.Pattern[str]:
    """A superset of what `phonenumbers` parses to a valid number of a region.

    An international prefix and anything; or country code and national prefix in any
    order and number, then a number of one of the types of the region.
    """
    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    # A number is as valid in any region with the same code, such as +1.
    plans = [
        phonenumbers.PhoneMetadata.metadata_for_region(code, None)
        for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[plan.country_code]
    ]
    descriptions = [getattr(own, name) for own in plans for name in _TYPES]
    numbers = [
        item.national_number_pattern
        for item in descriptions
        if item is not None and item.national_number_pattern
    ]
    international = plan.international_prefix or ""
    national = plan.national_prefix_for_parsing or ""
    # Dialled abroad, a number may be of any country.
    abroad = rf"(?:{international})\d{{6,15}}" if international else r"(?!)"
    if plan.national_prefix_transform_rule:
        # The prefix may swallow digits that the rule puts back: any head will do.
        national = rf"\d{{0,6}}|{national}"
    head = rf"(?:{plan.country_code}|(?:{national})){{0,4}}"
    return re.compile(rf"(?:{abroad}|{head}(?:{'|'.join(numbers)}))")

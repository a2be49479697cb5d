"""Which digits are a valid number of which numbering plan."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

import phonenumbers

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
_LONGEST_CODE = 3


@lru_cache(maxsize=65_536)
def is_valid_abroad(digits: str) -> bool | None:
    """Whether a number with its country code, and without `+`, is valid.

    Args:
        digits: ASCII digits; a trunk prefix after the country code is allowed.

    Returns:
        None if there is no such country code, or no number of that length with it.
    """
    for length in range(1, _LONGEST_CODE + 1):
        code = int(digits[:length])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            if _country(code).fullmatch(digits, length):
                return True
            return False if len(digits) - length in _lengths(code) else None
    return None


@lru_cache(maxsize=65_536)
def is_valid_within(digits: str, regions: tuple[str, ...]) -> bool:
    """Whether digits, as dialled within a region, are a valid number of one of them."""
    return any(_national(region).fullmatch(digits) for region in regions)


@lru_cache(maxsize=65_536)
def is_mobile(digits: str, regions: tuple[str, ...], plain: frozenset[str]) -> bool:
    """Whether digits are a mobile number that shows itself as one."""
    return any(_mobile(r).fullmatch(digits) for r in regions if r in plain)


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
def _lengths(code: int) -> frozenset[int]:
    """How many digits a number has after a country code, a trunk zero included."""
    plans = _plans(code)
    # Of the regions that share a code, the first is the one it belongs to.
    lengths = set(plans[0].general_desc.possible_length)
    return frozenset(lengths | {n + 1 for n in lengths if plans[0].national_prefix})


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

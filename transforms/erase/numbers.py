"""Numbers in other groupings: `+49 30 1234567` is also `030/123 45 67`.

Digits are compared without what stands between them.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import phonenumbers
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.phones.runs import LEAST_DIGITS

MOST_DIGITS = 32
"""Longer numbers are looked for as they are written, not in other groupings."""

_MOST_BETWEEN = 3
_NUMBER = re.compile(r"\+?[0-9](?:[ .()/+-]{0,3}[0-9])*\)?|\([0-9+][0-9 .()/+-]*[0-9]")
_DIGIT = re.compile(r"[0-9]")
_ABROAD = ("00", "011")
"""Prefixes that stand for a plus sign: ITU-T recommends 00, North America dials 011."""

_ZERO, _NINE, _LINE_END = b"09\n"
_BETWEEN = np.isin(np.arange(256), np.frombuffer(b" .()/+-", np.uint8))


def ungrouped(data: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The digits of folded texts without what stands between groups of a number.

    There is a line end wherever the next one is of another number. Also returns the
    place in `data` that each comes from.
    """
    # What parts two numbers is a byte at least, so there is room for it.
    digits = np.empty(len(data), np.uint8)
    places = np.empty(len(data), np.int64)
    count = _ungroup(data, _BETWEEN, digits, places)
    return digits[:count], places[:count]


@njit(nogil=True)
def _ungroup(data: Any, between: Any, digits: Any, places: Any) -> Any:
    count: Any = np.int64(0)
    gap: Any = np.int64(0)
    for index in range(data.size):
        byte = data[index]
        if _ZERO <= byte <= _NINE:
            if gap > _MOST_BETWEEN:
                digits[count], places[count] = _LINE_END, index
                count += 1
            digits[count], places[count] = byte, index
            count += 1
            gap = 0
        else:
            gap = gap + 1 if between[byte] else _MOST_BETWEEN + 1
    return count


def is_number(folded: str) -> bool:
    """Whether a folded value is a number of `LEAST_DIGITS` digits or more."""
    digits = len(_DIGIT.findall(folded))
    return digits >= LEAST_DIGITS and _NUMBER.fullmatch(folded) is not None


def number_forms(folded: str) -> frozenset[str]:
    """Digits of a folded number as they may be written; nothing if it is none.

    A number with a plus sign is also looked for with an international prefix and in
    its national form; of a national one the country is not known.
    """
    digits = "".join(_DIGIT.findall(folded))
    if not is_number(folded) or len(digits) > MOST_DIGITS:
        return frozenset()
    forms = {digits}
    if "+" in folded[:2]:
        forms |= {prefix + digits for prefix in _ABROAD}
        try:
            number = phonenumbers.parse("+" + digits)
        except phonenumbers.NumberParseException:
            return frozenset(forms)
        style = phonenumbers.PhoneNumberFormat.NATIONAL
        national = "".join(_DIGIT.findall(phonenumbers.format_number(number, style)))
        if phonenumbers.is_possible_number(number):
            # "+49 (0)30": the national prefix is often left in.
            forms |= {national, f"{number.country_code}{national}"}
    return frozenset(form for form in forms if len(form) >= LEAST_DIGITS)


def with_plus(data: NDArray[np.uint8], low: int, start: int) -> int:
    """Where a number begins with its plus sign and bracket, in a text from `low` on."""
    first = start
    while first > max(low, start - 2) and data[first - 1] in b"+(":
        first -= 1
    return first

"""Numbers in other groupings: `+49 30 1234567` is also `030/123 45 67`.

Digits are compared without what stands between them. A number begins and ends where a
group of digits does, so that it is not found inside a longer group; letters may stand
beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import phonenumbers
from numba import njit

from isinglass.transforms.pii.phones.scanner import LEAST_DIGITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MOST_DIGITS = 32
"""Longer numbers are looked for as they are written, not in other groupings."""

_MOST_BETWEEN = 3
_MOST_GROUPS = 20
_NUMBER = re.compile(r"\+?[0-9](?:[ .()/+-]{0,3}[0-9])*\)?|\([0-9+][0-9 .()/+-]*[0-9]")
_DIGIT = re.compile(r"[0-9]")
_ABROAD = ("00", "011")
"""Prefixes that stand for a plus sign: ITU-T recommends 00, North America dials 011."""

_ZERO, _NINE = ord("0"), ord("9")
_BETWEEN = np.isin(np.arange(256), np.frombuffer(b" .()/+-", np.uint8))
_TEN, _ONE = np.uint64(0x9E3779B97F4A7C1B), np.uint64(1)


@dataclass(frozen=True, eq=False)
class NumberIndex:
    """Numbers that are looked for.

    Attributes:
        hashes: uint64 (m,), ascending, of the digits of each.
        values: int32 (m,), the value that each belongs to.
        digits: The m digit strings, to compare exactly.
        least: Digits of the shortest.
    """

    hashes: NDArray[np.uint64]
    values: NDArray[np.int32]
    digits: tuple[bytes, ...]
    least: int

    def __repr__(self) -> str:
        """How many, and none of them."""
        return f"NumberIndex({len(self.digits)} numbers)"

    @classmethod
    def build(cls, forms: Mapping[str, int]) -> NumberIndex:
        """Index digit strings by the number of the value they belong to."""
        digits = [text.encode() for text in sorted(forms)]
        hashes = np.array([_hash(text) for text in digits], np.uint64)
        order = np.argsort(hashes, kind="stable")
        return cls(
            hashes[order],
            np.array([forms[d.decode()] for d in digits], np.int32)[order],
            tuple(digits[i] for i in order.tolist()),
            min(map(len, digits), default=0),
        )

    def find(self, data: NDArray[np.uint8]) -> list[tuple[int, int, int]]:
        """Value, start and end (bytes) of each number in folded texts.

        A number may lie over the border of two texts; see to that.
        """
        if not self.digits:
            return []
        found = np.empty((1024, 3), np.int64)
        while True:
            count = _find(data, self.hashes, self.least, _BETWEEN, found)
            if count <= len(found):
                break
            found = np.empty((count, 3), np.int64)
        spans = []
        for first, start, end in found[:count].tolist():
            digits = bytes(b for b in data[start:end].tolist() if _ZERO <= b <= _NINE)
            # Several numbers may share a hash.
            last = int(np.searchsorted(self.hashes, self.hashes[first], side="right"))
            if digits in self.digits[first:last]:
                place = first + self.digits[first:last].index(digits)
                spans.append((int(self.values[place]), _with_plus(data, start), end))
        return spans


def is_number(folded: str) -> bool:
    """Whether a folded value is a number of `LEAST_DIGITS` digits or more."""
    digits = len(_DIGIT.findall(folded))
    return digits >= LEAST_DIGITS and _NUMBER.fullmatch(folded) is not None


def number_forms(folded: str) -> frozenset[str]:
    """The digits of a number as they may be written; nothing if it is no number.

    A number with a plus sign is also looked for with an international prefix and in
    its national form; of a national one the country is not known.

    Args:
        folded: A folded value.
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


def _with_plus(data: NDArray[np.uint8], start: int) -> int:
    """Where the number begins with its plus sign and bracket, if it has them."""
    first = start
    while first > max(0, start - 2) and data[first - 1] in b"+(":
        first -= 1
    return first


def _hash(digits: bytes) -> int:
    value = 1
    for digit in digits:
        value = (value * int(_TEN) + digit) % 2**64
    return value


@njit(cache=True, nogil=True)
def _begin_group(groups: Any, index: Any, firsts: Any, values: Any, sizes: Any) -> Any:
    """One more group of digits; the first of too many is forgotten."""
    if groups == _MOST_GROUPS:
        groups -= 1
        for k in range(groups):
            firsts[k], values[k] = firsts[k + 1], values[k + 1]
            sizes[k] = sizes[k + 1]
    firsts[groups], values[groups], sizes[groups] = index, _ONE, 0
    return groups + 1


@njit(cache=True, nogil=True)
def _note(hashes: Any, value: Any, first: Any, end: Any, found: Any, count: Any) -> Any:
    """Note a known hash; returns how many were seen so far."""
    place = np.searchsorted(hashes, value)
    if place == hashes.size or hashes[place] != value:
        return count
    if count < len(found):
        found[count, 0], found[count, 1], found[count, 2] = place, first, end
    return count + 1


@njit(cache=True, nogil=True)
def _find(data: Any, hashes: Any, least: Any, between: Any, found: Any) -> Any:
    """Places of known hashes over whole groups of digits; returns how many.

    From each group of digits on, the hash of all digits since is carried along.
    """
    firsts = np.zeros(_MOST_GROUPS, np.int64)
    values = np.zeros(_MOST_GROUPS, np.uint64)
    sizes = np.zeros(_MOST_GROUPS, np.int64)
    groups: Any = np.int64(0)
    gap: Any = np.int64(0)
    count: Any = np.int64(0)
    inside: Any = False
    for index in range(data.size + 1):
        byte = data[index] if index < data.size else np.uint8(0)
        digit = _ZERO <= byte <= _NINE
        if digit:
            if not inside:
                groups = 0 if gap > _MOST_BETWEEN else groups
                groups = _begin_group(groups, index, firsts, values, sizes)
            for k in range(groups):
                values[k] = values[k] * _TEN + np.uint64(byte)
                sizes[k] += 1
            gap = 0
        elif inside or groups:
            for k in range(groups if inside else 0):
                if sizes[k] >= least:
                    count = _note(hashes, values[k], firsts[k], index, found, count)
            gap += 1
            groups = groups if between[byte] else 0
        inside = digit
    return count

"""Numbers and foreign strings as a person should see them; pure functions."""

from __future__ import annotations

import math
import unicodedata

THIN_SPACE = "\u202f"
"""Narrow no-break space: groups digits and ties a number to its unit."""

MISSING = "\u2013"
"""An en dash, shown where there is no number."""

MINUS = "\u2212"
"""The minus sign, as wide as a digit."""

OPEN, CLOSE = "⟦", "⟧"
"""What is set around a part of a text in a terminal."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FORMULA = frozenset("=+-@")
_SIZE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_SIZE_STEP = 1000
_LONG_NAME = 160


def visible(text: str) -> str:
    r"""Show control, bidirectional and other unseen characters as `<U+202E>`.

    A name could otherwise reorder or hide the text around it. Angle brackets of the
    mathematical kind are used, which need no escaping.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"⟨U+{ord(character):04X}⟩"
        if unicodedata.category(character) in _HIDDEN
        else character
        for character in text
    )


def inert(text: str) -> str:
    """As `visible`, and without the brackets that we set: a text must not set them."""
    told = {ord(mark): f"⟨U+{ord(mark):04X}⟩" for mark in (OPEN, CLOSE)}
    return visible(text).translate(told)


def no_formula(text: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula.

    Rows of a page are copied into one, and a name can begin like that.
    """
    return f"'{text}" if text[:1] in _FORMULA else text


def lines_of(text: str) -> str:
    """A text of several lines, made visible line by line."""
    return "\n".join(map(visible, text.split("\n")))


def number_of(count: float, one: str, many: str = "") -> str:
    """A count with its noun: `1 term`, `2 terms`."""
    return f"{grouped(count)} {one if count == 1 else many or f'{one}s'}"


def shorten(text: str, limit: int = _LONG_NAME) -> str:
    """Cut the middle out of a string longer than `limit`, and say how long it was."""
    if len(text) <= limit:
        return text
    tail = limit // 3
    size = grouped(len(text))
    return f"{text[: limit - tail]} … {text[-tail:]} ({size} characters)"


def grouped(number: float | None) -> str:
    """A whole number with thin spaces between groups of three digits."""
    if number is None or not math.isfinite(number):
        return MISSING
    return f"{round(number):,}".replace(",", THIN_SPACE).replace("-", MINUS)


def decimal(number: float | None, digits: int = 2) -> str:
    """A number with a fixed count of decimals and grouped digits."""
    if number is None or not math.isfinite(number):
        return MISSING
    return f"{number:,.{digits}f}".replace(",", THIN_SPACE).replace("-", MINUS)


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 0..1 in percent, never rounded to 0 or 100 unless it is that."""
    if share is None or not math.isfinite(share):
        return MISSING
    step = 10.0**-digits
    scaled = share * 100.0
    if 0.0 < scaled < step:
        return f"<{step:.{digits}f}{THIN_SPACE}%"
    if 100.0 - step < scaled < 100.0:  # noqa: PLR2004 - percent
        return f">{100.0 - step:.{digits}f}{THIN_SPACE}%"
    return f"{decimal(scaled, digits)}{THIN_SPACE}%"


def ratio(numerator: float | None, denominator: float | None) -> float | None:
    """`numerator / denominator`, or None where it has no meaning."""
    if numerator is None or not denominator:
        return None
    return numerator / denominator


def share_of(numerator: float | None, denominator: float | None) -> str:
    """A percentage from its two counts."""
    return percent(ratio(numerator, denominator))


def size(count: float) -> str:
    """Bytes in decimal units, e.g. `1.25 MB`."""
    value, unit = float(count), 0
    while value >= _SIZE_STEP and unit < len(_SIZE_UNITS) - 1:
        value, unit = value / _SIZE_STEP, unit + 1
    number = grouped(value) if unit == 0 else decimal(value)
    return f"{number}{THIN_SPACE}{_SIZE_UNITS[unit]}"


def words_of(identifier: str) -> str:
    """A reason or verb as words: `near_duplicate` becomes `near duplicate`."""
    return identifier.replace("_", " ")

"""Made-up US social security numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.transforms.pii.operators.normalised import compact
from isinglass.transforms.pii.operators.surrogates.shape import laid_over

if TYPE_CHECKING:
    from isinglass.transforms.pii.operators.surrogates.stream import Stream

AREA = "000"
"""Never issued (Social Security Administration, POMS RM 10201.035)."""

_DIGITS = 9


def fake_ssn(value: str, stream: Stream) -> str | None:
    """A number in area 000; there are a million, so collisions are possible.

    Returns:
        None if the value has not nine digits.
    """
    digits = compact(value)
    if len(digits) != _DIGITS or not digits.isdecimal():
        return None
    return laid_over(value, AREA + stream.digits(_DIGITS - len(AREA)))


def is_fake_ssn(value: str) -> bool:
    """Whether a number is in area 000; also what has not nine digits."""
    digits = compact(value)
    if len(digits) != _DIGITS or not digits.isdecimal():
        return True
    return digits.startswith(AREA)

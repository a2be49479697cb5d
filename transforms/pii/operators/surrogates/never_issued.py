"""Made-up numbers in a range that is never issued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.schemas.config.kinds import known_kinds
from isinglass.transforms.pii.operators.normalised import compact
from isinglass.transforms.pii.operators.surrogates.shape import laid_over

if TYPE_CHECKING:
    from isinglass.schemas.config.kinds import NeverIssued
    from isinglass.transforms.pii.operators.surrogates.stream import Stream


def range_of(entity: str) -> NeverIssued | None:
    """The range that the file of a kind names; None if it names none."""
    kind = known_kinds().get(entity)
    return None if kind is None else kind.never_issued


def fake_number(span: NeverIssued, value: str, stream: Stream) -> str | None:
    """A number in the range; there are few, so collisions are possible.

    Returns:
        None if the value has not as many digits, or other letters.
    """
    if not _is_written_like(span, value):
        return None
    rest = stream.digits(span.digits - len(span.prefix))
    return laid_over(value, span.prefix + rest)


def is_fake_number(span: NeverIssued, value: str) -> bool:
    """Whether a number is in the range; also what is no number of that length."""
    if not _is_written_like(span, value):
        return True
    return compact(value).startswith(span.prefix)


def _is_written_like(span: NeverIssued, value: str) -> bool:
    digits = compact(value)
    return len(digits) == span.digits and digits.isdecimal()

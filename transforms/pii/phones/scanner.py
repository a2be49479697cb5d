"""Telephone numbers: runs of digits, the form of each, and what stands around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from isinglass.transforms.pii.data import load_data
from isinglass.transforms.pii.found import PATTERN_DETECTOR, FoundColumns, Origin
from isinglass.transforms.pii.phones.forms import (
    CONTEXT_REACH,
    Form,
    Surroundings,
    form_of,
)
from isinglass.transforms.pii.phones.rules import judge
from isinglass.transforms.pii.phones.runs import LEAST_DIGITS, MOST_DIGITS, digit_runs
from isinglass.transforms.pii.phones.text import RunText, is_letter, is_unspaced
from isinglass.transforms.pii.reserved import is_reserved
from isinglass.transforms.pii.rules import raised

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.transforms.pii.budget import Budget

__all__ = ["ENTITY", "LEAST_DIGITS", "PhoneNumber", "PhoneScanner"]

ENTITY = "PHONE_NUMBER"

VALID_SCORE, PLAUSIBLE_SCORE, WEAK_SCORE = 0.6, 0.4, 0.2
"""A number of a plan; one that is only written like a number to call; and digits that
only a context word makes one. 0.4 is Presidio's score of any phone number."""

MOST_GROUPS = 8
"""Digit groups of one number: country code, trunk prefix, area and five more."""

_BEFORE_BYTES, _AFTER_BYTES = 256, 64
_SLICE_GROUPS = 64


class PhoneNumber(NamedTuple):
    """One number in a run.

    Attributes:
        end: One past the last, its extension included.
        base: Score before context, 0 to 1.
        is_valid: Whether its plan allows it; False if that is not known.
    """

    start: int
    end: int
    form: str
    base: float
    is_valid: bool
    word: str | None


@dataclass(frozen=True)
class PhoneScanner:
    """Finds telephone numbers; holds no state.

    Attributes:
        plain_mobile: Regions with mobile numbers that are told by their digits alone.
    """

    regions: tuple[str, ...]
    around: Surroundings = field(repr=False)
    plain_mobile: frozenset[str]

    @classmethod
    def build(cls, regions: tuple[str, ...]) -> PhoneScanner:
        """Read forms and words; plans are compiled when first needed."""
        plain_mobile = load_data("phones", "formats").content["plain_mobile"]
        return cls(regions, Surroundings.load(), frozenset(plain_mobile))

    def scan(
        self,
        data: NDArray[Any],
        offsets: NDArray[Any],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        """Gather the numbers of a batch."""
        runs = digit_runs(data, offsets)
        view = data.data
        for row, start, stop, points in zip(*(c.tolist() for c in runs), strict=True):
            low = max(int(offsets[row]), start - _BEFORE_BYTES)
            high = min(int(offsets[row + 1]), stop + _AFTER_BYTES)
            # The ends may cut a character; the run itself is whole.
            run = RunText(
                row,
                points,
                bytes(view[low:start]).decode("utf-8", "ignore"),
                bytes(view[start:stop]).decode(),
                bytes(view[stop:high]).decode("utf-8", "ignore"),
            )
            first, count = 0, len(run.groups)
            while first < count and row not in budget.failed:
                with budget.guard(row):
                    limit = min(first + _SLICE_GROUPS, count)
                    first = self._slice(run, first, limit, found)

    def _slice(self, run: RunText, first: int, limit: int, found: FoundColumns) -> int:
        """Gather the numbers that begin with a group before a limit; the next group."""
        while first < limit:
            number, taken = None, 1
            if not run.is_deep(first) and run.may_begin(first):
                number, taken = self._at(run, first)
            if number is not None:
                found.add(
                    (run.row, run.points + number.start, run.points + number.end),
                    Origin(ENTITY, PATTERN_DETECTOR, number.form, number.base),
                    valid=number.is_valid or None,
                    score=raised(number.base, number.word),
                    context=number.word,
                )
            first += taken
        return first

    def _at(self, run: RunText, first: int) -> tuple[PhoneNumber | None, int]:
        """The longest number that begins with a group, and the groups it takes."""
        groups = run.groups
        most = min(first + MOST_GROUPS, len(groups))
        digits = [end - start for start, end in groups[first:most]]
        for last in range(most - 1, first - 1, -1):
            count = sum(digits[: last - first + 1])
            if count < LEAST_DIGITS:
                break
            if count > MOST_DIGITS or not run.may_end(last):
                continue
            span = run.span(first, last)
            form = form_of(run.shown[span[0] : span[1]])
            if form is None:
                continue
            taken = last - first + 1
            # Nor is a part of a number that is kept for fiction anybody's number.
            if form.need == "never" or is_reserved(
                ENTITY, run.shown[span[0] : span[1]]
            ):
                return None, taken
            number = self._judge(run, span, form, torn=run.is_torn(first, last))
            if number is not None:
                return number, taken
        return None, 1

    def _judge(
        self, run: RunText, span: tuple[int, int], form: Form, *, torn: bool
    ) -> PhoneNumber | None:
        start, end = span
        value = run.shown[start:end]
        verdict = judge(form, value, self.regions, self.plain_mobile)
        if verdict is None:
            return None
        before = run.before + run.run[:start] if start < CONTEXT_REACH else ""
        behind = run.run[end : end + _AFTER_BYTES] + run.behind
        extension = self.around.extension_length(behind) if form.extension else 0
        # A letter right behind makes digits a part of some code.
        if not extension and is_letter(behind[:1]):
            return None
        # Inside of a long run no word is near.
        word = self.around.context.find(before, len(before), CONTEXT_REACH)
        word = word or self.around.word_behind(behind)
        doubtful = torn or verdict.needs_word
        if verdict.in_script and (_is_in_script(before[-1:]) or _is_in_script(behind)):
            doubtful = torn
        if word is None and (doubtful or self.around.is_other(before)):
            return None
        base = WEAK_SCORE if verdict.needs_word else PLAUSIBLE_SCORE
        if verdict.is_valid:
            base = VALID_SCORE
        return PhoneNumber(
            start, end + extension, form.name, base, verdict.is_valid, word
        )


def _is_in_script(text: str) -> bool:
    letter = text[:1]
    return letter.isalpha() and is_unspaced(letter)

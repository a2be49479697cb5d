"""Telephone numbers: runs of digits, the form of each, and what stands around it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import NDArray

from isinglass.transforms.pii.found import PATTERN_DETECTOR, FoundColumns, Origin
from isinglass.transforms.pii.phones.forms import (
    CONTEXT_REACH,
    Form,
    Surroundings,
    form_of,
    plain,
)
from isinglass.transforms.pii.phones.rules import judge
from isinglass.transforms.pii.phones.runs import LEAST_DIGITS, MOST_DIGITS, digit_runs
from isinglass.transforms.pii.reserved import PHONE_NUMBER, is_reserved
from isinglass.transforms.pii.rules import raised

if TYPE_CHECKING:
    from isinglass.transforms.pii.budget import Budget

Groups = list[tuple[int, int]]

_GROUPS = re.compile(r"[0-9]+")
_DEEP = 64


@dataclass(frozen=True)
class RunText:
    """A run of a row, and a stretch of the text on either side.

    Attributes:
        points: Code points of the row before the run.
    """

    row: int
    points: int
    before: str = field(repr=False)
    run: str = field(repr=False)
    behind: str = field(repr=False)

    @cached_property
    def shown(self) -> str:
        """The run with ASCII digits and marks, of the same length."""
        return plain(self.run)

    @cached_property
    def groups(self) -> Groups:
        """Start and end of each digit group."""
        return [match.span() for match in _GROUPS.finditer(self.shown)]

    def may_begin(self, first: int) -> bool:
        """Whether a number may begin with a group."""
        if first:
            between = self.shown[self.groups[first - 1][1] : self.groups[first][0]]
            return _is_loose(between)
        if not self.before:
            return True
        last, beyond = self.before[-1], self.before[-2:-1]
        if self.shown[0] == "+":
            return not (is_letter(last) or last.isdigit())
        if last in ".,:-\u2013'" and beyond.isdigit():
            return False
        if last in "=>":
            # A parameter of an address, or behind a tag; not in a formula.
            return beyond.isalnum() or beyond in ('"', "'", "/")
        return last not in "_$€£¥#%&@/\\-\u2013*^<" and not is_letter(last)

    def may_end(self, last: int) -> bool:
        """Whether a number may end with a group."""
        if last + 1 < len(self.groups):
            between = self.shown[self.groups[last][1] : self.groups[last + 1][0]]
            return _is_loose(between)
        following, beyond = self.behind[:1], self.behind[1:2]
        if following in ("-", ".", ",", ":", "/", "'", "\u2013") and beyond.isdigit():
            return False
        # A letter may be the x of an extension, which is looked at later.
        return following not in ("_", "%", "@", "$", "€", "£", "°", "=", "+", "*", "^")

    @cached_property
    def separators(self) -> list[str]:
        """What stands between the groups, without blanks on either side."""
        return [
            self.shown[end:start].strip()
            for (_, end), (start, _) in pairwise(self.groups)
        ]

    def is_torn(self, first: int, last: int) -> bool:
        """Whether more groups follow or precede in the same way as they do inside.

        Part of a longer row of groups, such as a card number, is no number.
        """
        separators = self.separators
        inner = separators[first:last]
        return (first > 0 and separators[first - 1] in inner) or (
            last < len(separators) and separators[last] in inner
        )

    def is_deep(self, first: int) -> bool:
        """Whether a group is far inside a row of groups that look the same.

        There no context word is near, and any number would be torn.
        """
        start, separators = self.groups[first][0], self.separators
        return (
            start >= _DEEP
            and len(self.shown) - start >= _DEEP
            and separators[first] == separators[first - 1]
        )

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where a number of these groups stands in the run, brackets included."""
        start, end = self.groups[first][0], self.groups[last][1]
        low = self.groups[first - 1][1] if first else 0
        lead = self.shown[low:start]
        marks = len(lead) - len(lead.rstrip("+("))
        start -= marks
        # A bracket around the whole number is none of its own.
        while start < end and self.shown[start] == "(":
            inner = self.shown[start:end]
            if inner.count("(") == inner.count(")"):
                break
            start += 1
        return start, end


def _is_loose(between: str) -> bool:
    """Whether one number may end and another begin at a separator."""
    return " " in between or "/" in between or between.endswith("(")


def is_letter(char: str) -> bool:
    """Letters of scripts with blanks between words: next to them digits are a code."""
    return char.isalpha() and not is_unspaced(char)


def is_unspaced(char: str) -> bool:
    """Whether a letter is of a script in which numbers touch words."""
    return char >= "\u0e00" and (
        char < "\u1100" or "\u1780" <= char < "\u1800" or char >= "\u3000"
    )


VALID_SCORE, PLAUSIBLE_SCORE, WEAK_SCORE = 0.6, 0.4, 0.2
"""A number of a plan; one that is only written like a number to call; and digits that
only a context word makes one. 0.4 is Presidio's score of any phone number."""

MOST_GROUPS = 8
"""Digit groups of one number: country code, trunk prefix, area and five more."""

_EXTENDED = ("code", "area", "nothing", "trunk")
"""Needs of forms behind which an extension such as `x123` may stand."""

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
    """Finds telephone numbers of some regions and of other countries."""

    regions: tuple[str, ...]

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
                    Origin(PHONE_NUMBER, PATTERN_DETECTOR, number.form, number.base),
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
            value = run.shown[slice(*span)]
            form = form_of(value)
            if form is None:
                continue
            taken = last - first + 1
            # Nor is a part of a number that is kept for fiction anybody's number.
            if form.need == "never" or is_reserved(PHONE_NUMBER, value):
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
        verdict = judge(form, value, self.regions)
        if verdict is None:
            return None
        around = Surroundings.load()
        before = run.before + run.run[:start] if start < CONTEXT_REACH else ""
        behind = run.run[end : end + _AFTER_BYTES] + run.behind
        extension = around.extension_length(behind) if form.need in _EXTENDED else 0
        # A letter right behind makes digits a part of some code.
        if not extension and is_letter(behind[:1]):
            return None
        # Inside of a long run no word is near.
        word = around.context.find(before, len(before), CONTEXT_REACH)
        word = word or around.word_behind(behind)
        doubtful = torn or verdict.needs_word
        if verdict.in_script and (_is_in_script(before[-1:]) or _is_in_script(behind)):
            doubtful = torn
        if word is None and (doubtful or around.is_other(before)):
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

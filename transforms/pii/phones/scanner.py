"""Telephone numbers: runs of digits, the form of each, and what stands around it."""

from __future__ import annotations

from dataclasses import dataclass
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
from isinglass.transforms.pii.phones.rules import Verdict, is_another, judge
from isinglass.transforms.pii.phones.run_text import (
    Border,
    RunText,
    groups_of,
    is_letter,
    is_unspaced,
)
from isinglass.transforms.pii.phones.runs import LEAST_DIGITS, MOST_DIGITS, digit_runs
from isinglass.transforms.pii.reserved import PHONE_NUMBER, is_reserved
from isinglass.transforms.pii.rules import raised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.transforms.pii.budget import Budget

VALID_SCORE, PLAUSIBLE_SCORE, WEAK_SCORE = 0.6, 0.4, 0.2
"""A number of a plan; one that is only written like a number to call; and digits that
only a context word makes one. 0.4 is Presidio's score of any phone number."""

_EXTENDED = ("code", "area", "nothing", "trunk")
"""Needs of forms behind which an extension such as `x123` may stand."""

_UNSURE = ("code", "context")
"""Needs of forms that hold of many digits that are no number, unless a plan has it."""

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
        places: NDArray[Any],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        """Gather the numbers of a batch, in which ASCII digits stand at `places`."""
        runs = digit_runs(data, offsets, places)
        view = data.data
        for row, start, stop, points in zip(*(c.tolist() for c in runs), strict=True):
            low = max(int(offsets[row]), start - _BEFORE_BYTES)
            high = min(int(offsets[row + 1]), stop + _AFTER_BYTES)
            # The ends may cut a character; the run itself is whole.
            inside = bytes(view[start:stop]).decode()
            shown = plain(inside)
            run = RunText(
                row,
                points,
                bytes(view[low:start]).decode("utf-8", "ignore"),
                inside,
                bytes(view[stop:high]).decode("utf-8", "ignore"),
                shown,
                groups_of(shown),
            )
            first, count = 0, len(run.groups)
            while first < count and row not in budget.failed:
                with budget.guard(row):
                    limit = min(first + _SLICE_GROUPS, count)
                    first = self._slice(run, first, limit, found)

    def _slice(self, run: RunText, first: int, limit: int, found: FoundColumns) -> int:
        """Gather the numbers that begin with a group before a limit; the next group."""
        last_start = len(run.shown) - LEAST_DIGITS
        while first < limit and run.groups[first][0] <= last_start:
            number, taken = None, 1
            if not run.is_deep(first) and run.begin(first):
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
        return max(first, limit)

    def _at(self, run: RunText, first: int) -> tuple[PhoneNumber | None, int]:
        """The number that begins with a group, and the groups it takes.

        The longest reading that may be a number, unless it is unsure and a shorter one
        is sure: the rest are then other columns.
        """
        if not first and run.begins_like_time():
            later, _ = self._at(run, 1) if len(run.groups) > 1 else (None, 1)
            if later is not None and later.is_valid:
                return None, 1
        unsure: tuple[PhoneNumber | None, int] = None, 1
        for last, value, form in _readings(run, first):
            taken = last - first + 1
            # Nor is a part of a number that is kept for fiction anybody's number.
            if _is_nobodys(form, value):
                return unsure if unsure[0] is not None else (None, taken)
            verdict = judge(form, value, self.regions)
            if verdict is None or not _may_stand(run, (first, last), value, verdict):
                continue
            number = _beside_words(run, (first, last), form, verdict)
            if number is None:
                continue
            if _is_sure(form, verdict) and not run.takes_column(first, last):
                # Of what is written as one number no part is left in the text.
                return unsure if run.continues(first, last) else (number, taken)
            if unsure[0] is None:
                unsure = number, taken
                if form.need not in _UNSURE and not run.takes_column(first, last):
                    break
        return unsure


def _readings(run: RunText, first: int) -> Iterator[tuple[int, str, Form]]:
    """Last group, text and form of what may begin with a group, longest first."""
    stop = run.stop(first)
    digits = [end - start for start, end in run.groups[first:stop]]
    for last in range(stop - 1, first - 1, -1):
        count = sum(digits[: last - first + 1])
        if count < LEAST_DIGITS:
            break
        if count > MOST_DIGITS or not run.end(last):
            continue
        start, end = run.span(first, last)
        value = run.shown[start:end]
        form = form_of(value)
        if form is not None:
            yield last, value, form


def _is_nobodys(form: Form, value: str) -> bool:
    return form.need == "never" or is_another(value) or is_reserved(PHONE_NUMBER, value)


def _is_sure(form: Form, verdict: Verdict) -> bool:
    return verdict.is_valid and form.need != "context"


def _may_stand(
    run: RunText, groups: tuple[int, int], value: str, verdict: Verdict
) -> bool:
    """Whether what is next to a number lets it be a number and all of it."""
    first, last = groups
    if verdict.is_valid:
        least = Border.LETTER
    elif run.is_torn(first, last):
        return False
    else:
        least = Border.CELL
    begin, end = run.begin(first), run.end(last)
    if begin < least or run.follows_code(first, last):
        return False
    # Decimals, thousands and times hold no such marks.
    if Border.CELL not in (begin, end) or any(mark in value for mark in "+(-"):
        return True
    # Between colons, digits alone are a part of some path.
    alone = value.isdigit() and run.before[-1:] == ":"
    return verdict.is_valid and not alone and run.is_cell(*run.span(first, last))


def _beside_words(
    run: RunText, groups: tuple[int, int], form: Form, verdict: Verdict
) -> PhoneNumber | None:
    """A number, if the words on either side say so or it needs none."""
    start, end = run.span(*groups)
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
    doubtful = verdict.needs_word
    if verdict.in_script and (_is_in_script(before[-1:]) or _is_in_script(behind)):
        doubtful = False
    if run.shown[start] != "+" and run.is_torn(*groups):
        doubtful |= not run.stands_out(*groups)
    if word is None and (doubtful or around.is_other(before)):
        return None
    if around.is_never(before, run.shown[start:end]):
        return None
    base = WEAK_SCORE if verdict.needs_word else PLAUSIBLE_SCORE
    if verdict.is_valid:
        base = VALID_SCORE
    return PhoneNumber(start, end + extension, form.name, base, verdict.is_valid, word)


def _is_in_script(text: str) -> bool:
    letter = text[:1]
    return letter.isalpha() and is_unspaced(letter)

"""A run of digit groups, and where a number may begin and end in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from itertools import pairwise

from isinglass.transforms.pii.phones.runs import LEAST_DIGITS
from isinglass.transforms.pii.rules import UNSPACED

Groups = list[tuple[int, int]]

MOST_GROUPS = 8
"""Digit groups of one number: country code, trunk prefix, area and five more."""

_GROUPS = re.compile(r"[0-9]+")
_DEEP = 64
_COLUMN = "  "
"""Two blanks or more: they separate columns more often than groups of one number."""

_MOST_OTHERS = 2
_LEAST_GROUPS = 3
"""Groups beside a number that still stands out of a run, and groups of the number."""

# One or two bytes of a hardware address or UUID, or digits.
_BYTES = re.compile(r"-(?:[0-9]|(?:[0-9A-Fa-f]{2}){1,2}\b)")
_HEXADECIMAL = frozenset("abcdefABCDEF")

# An escape of JSON (RFC 8259, section 7), which is no letter.
_ESCAPE = re.compile(r"\\(?:[nrtbf]|u[0-9A-Fa-f]{4})$")
_LONGEST_ESCAPE = 6
_TIME = re.compile(r"(?<![0-9:])[0-9]{1,2}:[0-9]{2}:$")
_LONGEST_TIME, _MINUTES = 7, 2
_YEAR_DIGITS = 4
_WHOLE_DIGITS = 9
"""Digits in a row that are a number with its calling code or trunk prefix."""

_UNSPACED = re.compile(UNSPACED)
_CELL = frozenset("\n\t,;:|\"'[](){}")


def groups_of(shown: str) -> Groups:
    """Start and end of each digit group."""
    return [match.span() for match in _GROUPS.finditer(shown)]


class Border(IntEnum):
    """Whether a number may begin or end at a place.

    Attributes:
        NONE: It may not.
        LETTER: Right behind a word, so only a number that its plan allows.
        CELL: Beside a comma or colon with a digit behind it: a border of cells, or else
            the mark of a decimal, of thousands or of a time.
        OPEN: It may.
    """

    NONE = 0
    LETTER = 1
    CELL = 2
    OPEN = 3


@dataclass(frozen=True)
class RunText:
    """A run of a row, and a stretch of the text on either side.

    Attributes:
        points: Code points of the row before the run.
        shown: The run with ASCII digits and marks, of the same length.
        groups: Start and end of each digit group.
    """

    row: int
    points: int
    before: str = field(repr=False)
    run: str = field(repr=False)
    behind: str = field(repr=False)
    shown: str = field(repr=False)
    groups: Groups = field(repr=False)

    @cached_property
    def separators(self) -> list[str]:
        """What stands between the groups, without blanks; `_COLUMN` for several."""
        between = (
            self.shown[end:start] for (_, end), (start, _) in pairwise(self.groups)
        )
        return [_COLUMN if _COLUMN in marks else marks.strip() for marks in between]

    def stop(self, first: int) -> int:
        """One past the last group that a number that begins with a group may have."""
        most = min(first + MOST_GROUPS, len(self.groups))
        if len(self.shown) < _DEEP and _COLUMN not in self.shown:
            return most
        digits = 0
        for place in range(first, most - 1):
            start, end = self.groups[place]
            digits += end - start
            if digits >= LEAST_DIGITS and self.separators[place] == _COLUMN:
                return place + 1
        return most

    def begin(self, first: int) -> Border:
        """Whether a number may begin with a group."""
        if first:
            between = self.shown[self.groups[first - 1][1] : self.groups[first][0]]
            return Border.OPEN if _is_loose(between) else Border.NONE
        if not self.before:
            return Border.OPEN
        last = self.before[-1]
        return self._behind_word(last) if last.isalnum() else self._behind_mark(last)

    def _behind_mark(self, last: str) -> Border:
        """What a number right behind a blank or mark may be."""
        beyond, lead = self.before[-2:-1], self.shown[0]
        if lead == "+":
            return Border.OPEN
        if beyond.isdigit() and last in ".,:-\u2013'":
            is_time = last == ":" and _TIME.search(self.before[-_LONGEST_TIME:])
            border = Border.OPEN if lead == "(" else Border.CELL
            return border if last in ",:" and not is_time else Border.NONE
        if last in "=>":
            # A parameter of an address, or behind a tag; not in a formula.
            known = beyond.isalnum() or beyond in ('"', "'", "/")
            return Border.OPEN if known else Border.NONE
        if last in "_*":
            return Border.OPEN if self._is_emphasis(last) else Border.NONE
        return Border.NONE if last in "$€£¥#%&@/\\-\u2013^<" else Border.OPEN

    def _behind_word(self, last: str) -> Border:
        """What a number right behind a letter or digit may be."""
        if "\\" in self.before[-_LONGEST_ESCAPE:]:
            escape = _ESCAPE.search(self.before, len(self.before) - _LONGEST_ESCAPE)
            if escape is not None:
                return Border.OPEN
        lead = self.shown[:2]
        if not is_letter(last):
            return Border.NONE if lead[0] == "+" and last.isdigit() else Border.OPEN
        if lead == "(+" or lead[0] not in "+(":
            return Border.OPEN if lead == "(+" else Border.NONE
        # One letter is a word of its own in scripts without case, as Arabic "and", and
        # before groups: T+49 30 2270 2270.
        is_word = last == last.swapcase() or (lead[0] == "+" and " " in self.shown)
        is_word |= self.before[-2:-1].isalpha()
        return Border.LETTER if is_word else Border.NONE

    def _is_emphasis(self, mark: str) -> bool:
        """Whether a mark right before the run begins emphasis, as in Markdown."""
        outside = self.before.rstrip(mark)[-1:]
        line = (self.run + self.behind).partition("\n")[0]
        return not outside.isalnum() and mark in line

    def _was_emphasis(self, mark: str) -> bool:
        """Whether a mark right behind the run ends emphasis."""
        outside = self.behind.lstrip(mark)[:1]
        line = self.before.rpartition("\n")[2]
        return not outside.isalnum() and mark in line

    def end(self, last: int) -> Border:
        """Whether a number may end with a group."""
        if last + 1 < len(self.groups):
            between = self.shown[self.groups[last][1] : self.groups[last + 1][0]]
            return Border.OPEN if _is_loose(between) else Border.NONE
        following, beyond = self.behind[:1], self.behind[1:2]
        if following in (",", ":") and beyond.isdigit():
            return Border.CELL
        if following in (".", "/", "'", "\u2013") and beyond.isdigit():
            return Border.NONE
        if following == "-" and _BYTES.match(self.behind):
            return Border.NONE
        if following in ("_", "*"):
            return Border.OPEN if self._was_emphasis(following) else Border.NONE
        # A letter may be the x of an extension, which is looked at later.
        closed = following in ("%", "@", "$", "€", "£", "°", "=", "+", "^")
        return Border.NONE if closed else Border.OPEN

    def begins_like_time(self) -> bool:
        """Whether the first group could be the minutes of a time before the run."""
        start, end = self.groups[0]
        hours = self.before[-1:] == ":" and self.before[-2:-1].isdigit()
        return hours and not start and end == _MINUTES

    def takes_column(self, first: int, last: int) -> bool:
        """Whether the last group could as well be of a column behind the number.

        It is the hours of a time, or follows the digits of a whole number in a row.
        """
        if first == last:
            return False
        start, end = self.groups[last]
        at_end = last + 1 == len(self.groups)
        if at_end and self.end(last) == Border.CELL and self.behind[:1] == ":":
            return end - start <= _MINUTES
        start, end = self.groups[first]
        return end - start >= _WHOLE_DIGITS

    def continues(self, first: int, last: int) -> bool:
        """Whether a group as long follows behind a blank, though marks stood before."""
        if last + 1 >= len(self.groups) or self.separators[last]:
            return False
        if last == first or not self.separators[last - 1]:
            return False
        lengths = [end - start for start, end in self.groups[last : last + 2]]
        return lengths[0] == lengths[1] < _YEAR_DIGITS

    def is_cell(self, start: int, end: int) -> bool:
        """Whether a part of the run is all of a cell of a row that commas separate."""
        before = (self.before + self.run[:start])[-1:]
        behind = (self.run[end:] + self.behind)[:1]
        return all(not char or char in _CELL for char in (before, behind))

    def is_torn(self, first: int, last: int) -> bool:
        """Whether more groups follow or precede in the same way as they do inside.

        Part of a longer row of groups, such as a card number, is no number. A group at
        the border of the run that is a part of something outside, as the last one of a
        time or that of `24h`, is none of the row.
        """
        separators, inner = self.separators, self.separators[first:last]
        left = first > 0 and separators[first - 1] in inner
        if left and first == 1:
            left = self.begin(0) == Border.OPEN or is_letter(self.before[-1])
        right = last < len(separators) and separators[last] in inner
        if right and last + 1 == len(separators):
            letter = self.behind[:1]
            is_unit = letter.isalpha() and letter not in _HEXADECIMAL
            right = not is_unit and self.end(last + 1) == Border.OPEN
        return left or right

    def follows_code(self, first: int, last: int) -> bool:
        """Whether the group before is a calling code that the number would leave."""
        if not first or self.separators[first - 1] not in self.separators[first:last]:
            return False
        start = self.groups[first - 1][0]
        return "+" in self.shown[max(0, start - 1) : start]

    def stands_out(self, first: int, last: int) -> bool:
        """Whether a number of a few groups is unlike what stands on either side.

        Unlike are dates and the like, and one or two groups of other lengths that are
        no part of a code, such as `2b`, nor of a number of thousands.
        """
        many = last - first + 1
        left = 0 if self._is_joined(first - 2) else first
        right = 0 if self._is_joined(last + 1) else len(self.groups) - last - 1
        others = left + right
        if others and (many < _LEAST_GROUPS or others > _MOST_OTHERS):
            return False
        before = [self._group(first - 1)] if left else []
        behind = [self._group(last + 1)] if right else []
        inside = {len(self._group(place)) for place in range(first, last + 1)}
        zeros = before and (before[0][0] == "0" or not self._group(first).strip("0"))
        if zeros or (before and is_letter(self.before[-1:])):
            return False
        if behind and self.behind[:1] in _HEXADECIMAL:
            return False
        beside = [len(group) for group in (*before, *behind)]
        # The first or last group of a number in equal groups may be a shorter one.
        equal = len(inside) == 1 and any(length < min(inside) for length in beside)
        return not equal and inside.isdisjoint(beside)

    def _group(self, place: int) -> str:
        start, end = self.groups[place]
        return self.shown[start:end]

    def _is_joined(self, place: int) -> bool:
        """Whether no blank stands between a group and the next, as in a date."""
        if not 0 <= place < len(self.groups) - 1:
            return False
        return " " not in self.shown[self.groups[place][1] : self.groups[place + 1][0]]

    def is_deep(self, first: int) -> bool:
        """Whether a group is far inside a row of groups that look the same.

        There no context word is near, and any number would be torn.
        """
        start = self.groups[first][0]
        if start < _DEEP or len(self.shown) - start < _DEEP:
            return False
        return self.separators[first] == self.separators[first - 1]

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
    """Whether a letter is of a script in which numbers touch words, or of Hangul."""
    return _UNSPACED.match(char) is not None

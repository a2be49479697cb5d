"""A run of digit groups, and where a number may be cut out of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from isinglass.transforms.pii.phones.forms import plain

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

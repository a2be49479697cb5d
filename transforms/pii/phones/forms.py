"""How telephone numbers are written: forms, context words, and other numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from isinglass.transforms.pii.data import load_data
from isinglass.transforms.pii.phones.runs import LIKE_ASCII
from isinglass.transforms.pii.rules import Context

CONTEXT_REACH = 40
"""Code points before a number in which its context words stand."""

_AFTER_CHARS = 4
_OTHER_CHARS = 24
_MOST_PAGES = 100
# What stands between a word and its number in text, in mark-up and in code.
_MARKS = r"[\s.:#\"'=>(\[]*"
_DOI = r"\b10\.[0-9]{4,9}/\S*"
_ZONE = re.compile(r"\b(?:UTC|GMT) ?$")
_PAGES = re.compile(r"(?:^|\) ?)([0-9]{3,5})-([0-9]{3,5})$")
_VOLUME = re.compile(r"[0-9)] ?[,:;]? ?$")
_VOLUME_OF_ISSUE = re.compile(r"[0-9] ?$")
_LIKE_ASCII = str.maketrans(LIKE_ASCII)
_MASK = str.maketrans("012345678", "999999999")


@dataclass(frozen=True)
class Form:
    """A way to write numbers.

    Attributes:
        need: What must hold besides; the data file says what.
    """

    name: str
    need: str


def plain(text: str) -> str:
    """The text, of the same length, with ASCII digits and marks for all others."""
    return text if text.isascii() else text.translate(_LIKE_ASCII)


@lru_cache(maxsize=65_536)
def form_of_mask(mask: str) -> Form | None:
    """The form of a number in which every digit is 9; None if it has none.

    Two zeros in front, the usual prefix of calls abroad, stay as they are.
    """
    for form, pattern in _forms():
        if pattern.fullmatch(mask):
            return form
    return None


def form_of(value: str) -> Form | None:
    """The form of a number as `plain` writes it."""
    mask = value.translate(_MASK)
    return form_of_mask("00" + mask[2:] if value.startswith("00") else mask)


@cache
def _forms() -> tuple[tuple[Form, re.Pattern[str]], ...]:
    entries = load_data("phones", "formats").content["forms"]
    return tuple(
        (Form(entry["name"], entry["need"]), re.compile(entry["form"]))
        for entry in entries
    )


@dataclass(frozen=True)
class Surroundings:
    """What stands next to a number, compiled from the data file."""

    context: Context
    after: re.Pattern[str]
    other: re.Pattern[str]
    never: re.Pattern[str]
    extension: re.Pattern[str]

    @classmethod
    @cache
    def load(cls) -> Surroundings:
        """Read the data file, once a process."""
        data = load_data("phones", "formats").content
        unspaced = "|".join(map(re.escape, data["unspaced"]))
        after, never = "|".join(data["after"]), "|".join(data["never"])
        other = "|".join(data["other"])
        return cls(
            Context.of([*data["words"], *data["unspaced"]]),
            re.compile(
                rf"\W{{0,{_AFTER_CHARS}}}({after})\b|[^\n]{{0,6}}({unspaced})",
                re.IGNORECASE,
            ),
            re.compile(rf"\b(?:{other})s?\b[\s.:#]*$", re.IGNORECASE),
            re.compile(rf"(?:\b(?:{never})s?\b{_MARKS}|{_DOI})$", re.IGNORECASE),
            re.compile(data["extension"], re.IGNORECASE),
        )

    def word_behind(self, behind: str) -> str | None:
        """The context word right after a number, in lower case."""
        match = self.after.match(behind)
        return None if match is None else (match[1] or match[2]).lower()

    def is_other(self, before: str) -> bool:
        """Whether the words right before a number say that it is something else."""
        return self.other.search(before, max(0, len(before) - _OTHER_CHARS)) is not None

    def is_never(self, before: str, value: str) -> bool:
        """Whether a number is something else, whatever other words are near it.

        The words right before it say so, or it is a range of pages behind a volume.
        """
        low = max(0, len(before) - _OTHER_CHARS)
        if self.never.search(before, low) is not None:
            return True
        if value.startswith("+"):
            return _ZONE.search(before, low) is not None
        pages = _PAGES.search(value)
        if pages is None or len(pages[1]) != len(pages[2]):
            return False
        many = int(pages[2]) - int(pages[1])
        volume = _VOLUME if value[0].isdigit() else _VOLUME_OF_ISSUE
        return 0 <= many < _MOST_PAGES and volume.search(before, low) is not None

    def extension_length(self, behind: str) -> int:
        """Characters of an extension right after a number; 0 without one."""
        match = self.extension.match(behind)
        return 0 if match is None else match.end()

"""The stock URL patterns, tried only where one of them can begin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import regex  # type: ignore[import-untyped]
from presidio_analyzer.predefined_recognizers import UrlRecognizer

from isinglass.transforms.pii.stock.matches import Match, remove_duplicates
from isinglass.transforms.pii.stock.patterns import compile_patterns, judged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.transforms.pii.stock.patterns import Compiled

_HEAD = r"((www\d{0,3}[.])?[a-z0-9.\-]{1,253}[.](?:"
_TAIL = ")(?:/[^\\s()<>\\\"']*)?)"
_SUFFIX = regex.compile(r"\(\?:([a-z]{2,})\)")

# What stands before the host in each of the four patterns, and what every match of
# it begins with: how far before the host, and a compiled form to begin with.
_FORMS = (
    ("(?i)(?:https?://)", ""),
    ("(?i)", ""),
    ("(?i)[\"\\'](https?://", ")[\"\\']"),
    ("(?i)[\"\\'](", ")[\"\\']"),
)
_LEADS = ("https?://", "", "[\"']https?://", "[\"']")


@dataclass(frozen=True)
class UrlSearch:
    """The matches of `PatternRecognizer.analyze` for the four URL patterns.

    A host is a run of letters, digits, dots and hyphens that holds a dot before one
    of the suffixes listed in the pattern. Every match holds such a run from its first
    character, or begins right before one with a scheme, a quote or both. So the runs
    are found first, in one linear pass, and each pattern is tried at their places.

    Attributes:
        recognizer: Presidio's.
        number: Its position among the recognizers.
        patterns: The four patterns, compiled.
        runs: Matches from the beginning of a run to its last dot before a suffix.
        leads: What a match of each pattern begins with, as a search from right to left
            from the beginning of the run; None where it may begin in the run.
    """

    recognizer: Any = field(repr=False)
    number: int
    patterns: Compiled = field(repr=False)
    runs: regex.Pattern[str] = field(repr=False)
    leads: tuple[regex.Pattern[str] | None, ...] = field(repr=False)

    @classmethod
    def of(cls, recognizer: Any, number: int) -> UrlSearch | None:
        """Build one; None if the patterns are not of the form that is known."""
        heads = _two_letters(UrlRecognizer.BASE_URL_REGEX)
        base = UrlRecognizer.BASE_URL_REGEX
        expected = [before + base + after for before, after in _FORMS]
        if heads is None or [p.regex for p in recognizer.patterns] != expected:
            return None
        flags = recognizer.global_regex_flags | regex.IGNORECASE
        runs = rf"(?<![a-z0-9.\-])[a-z0-9.\-]+[.](?=(?:{heads}))"
        leads = tuple(
            regex.compile(f"(?r){lead}", flags) if lead else None for lead in _LEADS
        )
        compiled = regex.compile(runs, flags)
        return cls(recognizer, number, compile_patterns(recognizer), compiled, leads)

    def find(self, text: str, seconds: float) -> list[Match]:
        """See `matches.Search`."""
        runs = [run.span() for run in self.runs.finditer(text, timeout=seconds)]
        if not runs:
            return []
        found: list[Match] = []
        for (pattern, compiled), lead in zip(self.patterns, self.leads, strict=True):
            starts = _inside(runs) if lead is None else _before(lead, text, runs)
            hits = _hits(compiled, text, starts, seconds)
            found += judged(self.recognizer, self.number, pattern, hits)
        return remove_duplicates(found)


def _two_letters(base: str) -> str | None:
    """First two letters of the suffixes as a pattern; None for an unknown form."""
    suffixes = _SUFFIX.findall(base)
    if base != _HEAD + "|".join(f"(?:{suffix})" for suffix in suffixes) + _TAIL:
        return None
    seconds: dict[str, set[str]] = {}
    for suffix in suffixes:
        seconds.setdefault(suffix[0], set()).add(suffix[1])
    return "|".join(
        f"{first}[{''.join(sorted(rest))}]" for first, rest in sorted(seconds.items())
    )


def _inside(runs: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """A host has a character before its dot, which a run ends with."""
    for start, end in runs:
        yield start, end - 1


def _before(
    lead: regex.Pattern[str], text: str, runs: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    for start, _ in runs:
        found = lead.match(text, 0, start)
        if found is not None:
            yield found.start(), found.start() + 1


def _hits(
    compiled: regex.Pattern[str],
    text: str,
    places: Iterator[tuple[int, int]],
    seconds: float,
) -> Iterator[regex.Match[str]]:
    """Leftmost matches without overlap, as a search of the whole text has them."""
    past = 0
    for low, high in places:
        position = max(low, past)
        while position < high:
            hit = compiled.match(text, position, timeout=seconds)
            position = past = hit.end() if hit is not None else position + 1
            if hit is not None:
                yield hit

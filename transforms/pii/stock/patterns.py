"""Stock recognizers that match patterns, and those with a search of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import regex  # type: ignore[import-untyped]
from presidio_analyzer.predefined_recognizers import EmailRecognizer

from isinglass.transforms.pii.checks.domains import has_public_suffix
from isinglass.transforms.pii.found import UNCHECKED, VALID
from isinglass.transforms.pii.stock.matches import Match, remove_duplicates

if TYPE_CHECKING:
    from collections.abc import Iterable

Compiled = tuple[tuple[Any, "regex.Pattern[str]"], ...]
"""Patterns of Presidio and their compiled forms."""


def compile_patterns(recognizer: Any) -> Compiled:
    """Patterns of a recognizer, compiled with the flags that its registry set."""
    flags = recognizer.global_regex_flags
    return tuple((p, regex.compile(p.regex, flags)) for p in recognizer.patterns)


@dataclass(frozen=True)
class PatternSearch:
    """What `PatternRecognizer.analyze` does, with a timeout that is not swallowed.

    Attributes:
        recognizer: Presidio's, which validates and invalidates.
        number: Its position among the recognizers.
        patterns: Its patterns, compiled.
    """

    recognizer: Any = field(repr=False)
    number: int
    patterns: Compiled = field(repr=False)

    def find(self, text: str, seconds: float) -> list[Match]:
        """See `matches.Search`."""
        found: list[Match] = []
        for pattern, compiled in self.patterns:
            hits = compiled.finditer(text, timeout=seconds)
            found += judged(self.recognizer, self.number, pattern, hits)
        return remove_duplicates(found)


def judged(
    recognizer: Any, number: int, pattern: Any, hits: Iterable[regex.Match[str]]
) -> list[Match]:
    """Matches that a recognizer does not call invalid.

    Args:
        recognizer: Has `validate_result` (None: cannot tell; else the score becomes 1
            or 0) and `invalidate_result` (True: the score becomes 0).
        number: Its position among the recognizers.
        pattern: Presidio's pattern: name and score.
        hits: Matches of its regular expression.
    """
    entity = recognizer.supported_entities[0]
    email = type(recognizer) is EmailRecognizer
    found = []
    for hit in hits:
        start, end = hit.span()
        value = hit.group()
        if not value:
            continue
        valid = has_public_suffix(value) if email else recognizer.validate_result(value)
        score = pattern.score if valid is None else float(bool(valid))
        if recognizer.invalidate_result(value) or score <= 0:
            continue
        checked = VALID if valid else UNCHECKED
        base = float(score)
        found.append(
            Match(entity, start, end, base, pattern.name, base, checked, number)
        )
    return found


@dataclass(frozen=True)
class OwnSearch:
    """A recognizer whose own `analyze` is called as it is.

    Its regular expressions are bounded by Presidio's own timeout, if by any.

    Attributes:
        recognizer: Presidio's.
        number: Its position among the recognizers.
    """

    recognizer: Any = field(repr=False)
    number: int

    def find(self, text: str, seconds: float) -> list[Match]:  # noqa: ARG002
        """See `matches.Search`."""
        entities = self.recognizer.supported_entities
        return [
            self._match(result)
            for result in self.recognizer.analyze(text, entities, None) or ()
        ]

    def _match(self, result: Any) -> Match:
        explanation = result.analysis_explanation
        rule, valid = self.recognizer.name, None
        if explanation is not None:
            rule = explanation.pattern_name or rule
            valid = explanation.validation_result
        return Match(
            entity=result.entity_type,
            start=result.start,
            end=result.end,
            score=result.score,
            rule=rule,
            base=result.score,
            checked=VALID if valid else UNCHECKED,
            recognizer=self.number,
        )

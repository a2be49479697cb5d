"""Recognizers by patterns: Presidio's `PatternRecognizer` without importing Presidio.

Importing it takes seconds, torch and transformers included, and few jobs use a
recognizer that it brings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple


class Pattern(NamedTuple):
    """A pattern; the score is of a match before context, 0 to 1."""

    name: str
    regex: str
    score: float


@dataclass(frozen=True)
class PatternRecognizer:
    """Finds matches of patterns. Attributes are called as Presidio calls them.

    Attributes:
        context: Words that raise the score of a match near them.
        check: Whether a value may be one; None to believe any.
        proof: When a check that holds is proof: `always`, `separated` for values that
            are more than bare digits, or anything else for never.
    """

    name: str
    supported_entities: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    context: tuple[str, ...] = ()
    global_regex_flags: int = 0
    check: Callable[[str], bool] | None = None
    proof: str = ""

    def validate_result(self, pattern_text: str) -> bool | None:
        """False if the check fails; True if that it holds is proof; None otherwise."""
        if self.check is None:
            return None
        if not self.check(pattern_text):
            return False
        bare = pattern_text.isdigit()
        proven = self.proof == "always" or (self.proof == "separated" and not bare)
        return True if proven else None

    def invalidate_result(self, pattern_text: str) -> None:
        """Nothing is refused besides."""


def is_by_patterns(recognizer: Any) -> bool:
    """Whether nothing but patterns decides what a recognizer is shown for.

    One that brings its own search is called; it knows more than its patterns.
    """
    if isinstance(recognizer, PatternRecognizer):
        return True
    # Whoever made the recognizer has imported Presidio.
    import presidio_analyzer  # noqa: PLC0415

    return type(recognizer).analyze is presidio_analyzer.PatternRecognizer.analyze


def is_unnamed(recognizer: Any) -> bool:
    """Whether a recognizer is of no class of its own, so that its name is given."""
    if isinstance(recognizer, PatternRecognizer):
        return True
    import presidio_analyzer  # noqa: PLC0415

    return type(recognizer) is presidio_analyzer.PatternRecognizer

"""Patterns of Presidio that may take no more time than their text has left."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import regex  # type: ignore[import-untyped]

from isinglass.transforms.pii.budget import LEAST_SECONDS, Budget

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class RowLimit:
    """The text that Presidio looks at, and since when."""

    budget: Budget = field(default_factory=lambda: Budget(0.0))
    row: int = 0
    began: float = 0.0

    def begin(self, budget: Budget, row: int) -> None:
        """Turn to another text."""
        self.budget, self.row, self.began = budget, row, budget.now()

    def left(self) -> float:
        """Seconds that the next pattern may take."""
        spent = self.budget.now() - self.began
        return max(self.budget.left(self.row) - spent, LEAST_SECONDS)


@dataclass(frozen=True)
class LimitedPattern:
    """A compiled pattern that keeps to a limit, in the place of one that does not.

    Presidio gives each pattern a minute, and goes on without the matches of one that
    takes longer. Here the row fails, since its findings are not all there are.
    """

    compiled: regex.Pattern[str]
    limit: RowLimit

    def finditer(self, text: str, timeout: float) -> Iterator[regex.Match[str]]:  # noqa: ARG002 - Presidio's own
        """Matches until the time is over, by which the row fails."""
        limit = self.limit
        if limit.row in limit.budget.failed:
            return
        try:
            yield from self.compiled.finditer(text, timeout=limit.left())
        except TimeoutError as error:
            limit.budget.fail(limit.row, error)


def limit_patterns(recognizer: Any, limit: RowLimit) -> None:
    """Let the patterns of a `PatternRecognizer` keep to a limit.

    Recognizers of one class share their patterns, so this one gets its own. One that
    compiles them for every text (that of IBANs) keeps Presidio's limit.
    """
    flags = recognizer.global_regex_flags
    recognizer.patterns = [copy.copy(pattern) for pattern in recognizer.patterns]
    for pattern in recognizer.patterns:
        compiled = regex.compile(pattern.regex, flags)
        pattern.compiled_regex = LimitedPattern(compiled, limit)
        pattern.compiled_with_flags = flags

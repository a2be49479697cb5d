"""What is no personal data though it looks like it, and what context words change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from isinglass.transforms.pii.data import load_data

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTEXT_CHARS = 60
"""How far before a finding its context words are looked for. Presidio takes the five
words before; in English these are about as many characters."""

CONTEXT_BOOST = 0.35
CONTEXT_FLOOR = 0.4
"""Added to the score, and the least score afterwards, as in Presidio's enhancer."""

_VETO_CHARS = 24


def is_vetoed(entity: str, text: str, start: int, end: int) -> bool:
    """Whether the text around a finding says that it is something else.

    Dotted numbers are no IP addresses after words such as "version", or as a part of
    a longer dotted number. What is written like an IP address or a US social security
    number is no phone number, valid as one or not.
    """
    if entity == "PHONE_NUMBER":
        return _not_phone().search(text[start:end]) is not None
    if entity != "IP_ADDRESS" or ":" in text[start:end]:
        return False
    before = text[max(0, start - _VETO_CHARS) : start]
    if before.endswith(".") and before[-2:-1].isdigit():
        return True
    if text[end : end + 1] == "." and text[end + 1 : end + 2].isdigit():
        return True
    return _not_address().search(before) is not None


@cache
def _not_phone() -> re.Pattern[str]:
    shapes = load_data("recognizers", "generic").content["reserved"]["not_phones"]
    return re.compile("|".join(f"(?:{shape})" for shape in shapes))


@cache
def _not_address() -> re.Pattern[str]:
    words = load_data("recognizers", "generic").content["reserved"]["not_addresses"]
    return re.compile(rf"\b(?:{'|'.join(words)})\b[\s:=#(v]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Context:
    """Words that make a finding more likely when they stand before it."""

    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, words: Sequence[str]) -> Context:
        """Whole words, in any case; a plural s is allowed."""
        cleaned = sorted({re.escape(word.strip()) for word in words if word.strip()})
        if not cleaned:
            return cls(None)
        return cls(re.compile(rf"\b(?:{'|'.join(cleaned)})s?\b", re.IGNORECASE))

    def raise_score(
        self, score: float, text: str, start: int
    ) -> tuple[float, str | None]:
        """The score with what the context before `start` adds, and the word that did.

        Args:
            score: Score of the match, 0 to 1.
            text: Where the match stands.
            start: Its first code point.

        Returns:
            A score of at most 1, and the context word in lower case or None.
        """
        if self.pattern is None or score >= 1.0:
            return score, None
        found = self.pattern.search(text, max(0, start - CONTEXT_CHARS), start)
        if found is None:
            return score, None
        raised = min(1.0, max(score + CONTEXT_BOOST, CONTEXT_FLOOR))
        return raised, found.group().lower()

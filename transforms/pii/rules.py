"""What is no personal data though it looks like it, and what context words change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from isinglass.transforms.pii.data import load_data

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
    a longer dotted number.
    """
    if entity != "IP_ADDRESS" or ":" in text[start:end]:
        return False
    before = text[max(0, start - _VETO_CHARS) : start]
    if before.endswith(".") and before[-2:-1].isdigit():
        return True
    if text[end : end + 1] == "." and text[end + 1 : end + 2].isdigit():
        return True
    return _not_address().search(before) is not None


@cache
def _not_address() -> re.Pattern[str]:
    words = load_data("recognizers", "generic").content["reserved"]["not_addresses"]
    return re.compile(rf"\b(?:{'|'.join(words)})\b[\s:=#(v]*$", re.IGNORECASE)


# Thai to Khmer, kana, Han, Hangul, full width.
UNSPACED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff01-\uff0f\uff1a-\uff60\U00020000-\U0003134f]"
)
"""Character class of scripts without spaces between words: their letters count as word
characters, but end no word."""

_UNSPACED = re.compile(UNSPACED)

# What makes a context word a part of a longer one. Letters of unspaced scripts touch
# Latin words, and an underscore stands for a space: nhs_number.
_INSIDE = "[0-9A-Za-z\u00c0-\u024f\u0370-\u052f]"


def _flexible(word: str) -> str:
    """A pattern for a word, or words with spaces, hyphens or underscores between."""
    return re.escape(word).replace("\\ ", r"[\s_-]{1,3}")


@dataclass(frozen=True)
class Context:
    """Words that make a finding more likely when they stand before it.

    Attributes:
        unspaced: Words of scripts that put nothing between words.
    """

    spaced: re.Pattern[str] | None
    unspaced: re.Pattern[str] | None = None

    @classmethod
    def of(cls, words: Sequence[str]) -> Context:
        """Whole words, in any case; a plural s is allowed.

        Words of unspaced scripts, such as Han and kana, count wherever they occur.
        """
        cleaned = sorted({word.strip() for word in words if word.strip()})
        unspaced = [re.escape(word) for word in cleaned if _UNSPACED.search(word)]
        spaced = [_flexible(word) for word in cleaned if not _UNSPACED.search(word)]
        words_of = "|".join(spaced)
        return cls(
            re.compile(rf"(?<!{_INSIDE})(?:{words_of})s?(?!{_INSIDE})", re.IGNORECASE)
            if spaced
            else None,
            re.compile("|".join(unspaced)) if unspaced else None,
        )

    def find(self, text: str, start: int, reach: int = CONTEXT_CHARS) -> str | None:
        """The first context word before `start`, in lower case."""
        low = max(0, start - reach)
        for words in (self.spaced, self.unspaced):
            found = words.search(text, low, start) if words is not None else None
            if found is not None:
                return found.group().lower()
        return None


def raised(score: float, word: str | None) -> float:
    """A score, with what a context word adds if there is one."""
    if word is None or score >= 1.0:
        return score
    return min(1.0, max(score + CONTEXT_BOOST, CONTEXT_FLOOR))

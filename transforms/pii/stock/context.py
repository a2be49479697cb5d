"""Scores raised by the words around a match, as the stock enhancer does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.transforms.pii.stock.matches import Match

RAISE, LEAST, MOST = 0.35, 0.4, 1.0
"""What a context word adds to a score, and the bounds of the sum: the defaults of
`LemmaContextAwareEnhancer`."""

WORDS_BEFORE, WORDS_AFTER = 5, 0
"""Words looked at on both sides of the one in which the match begins. That one is
looked at too, in both directions: where it is no keyword, the next one that is takes
its place, so that one word after the beginning of a match may count all the same."""


class Words(Protocol):
    """Words of a text that may be context: their lemmas in lower case."""

    def may_hold(self, start: int, context: Sequence[str]) -> bool:
        """Whether one of some context words may be part of a word of `around`.

        Args:
            start: Where a match begins.
            context: Context words in lower case.
        """
        ...

    def around(self, start: int) -> Sequence[str]:
        """Up to WORDS_BEFORE + 1 words back from a code point, and on WORDS_AFTER + 1.

        Args:
            start: Where a match begins.
        """
        ...


def raise_scores(
    matches: Sequence[Match], contexts: Sequence[Sequence[str]], words: Words
) -> list[Match]:
    """Raise the scores of matches that have a context word around them.

    A context word counts where it is part of a word: `lic` is found in `public`.

    Args:
        matches: Of one text.
        contexts: Context words by recognizer.
        words: Of the same text.
    """
    return [
        _raised(match, contexts[match.recognizer], words)
        if has_context(match, contexts)
        else match
        for match in matches
    ]


def has_context(match: Match, contexts: Sequence[Sequence[str]]) -> bool:
    """Whether the recognizer of a match has context words."""
    return match.recognizer >= 0 and bool(contexts[match.recognizer])


def _raised(match: Match, context: Sequence[str], words: Words) -> Match:
    lower = [word.lower() for word in context]
    if not words.may_hold(match.start, lower):
        return match
    around = words.around(match.start)
    for word, part in zip(context, lower, strict=True):
        if any(part in other for other in around):
            score = min(max(match.score + RAISE, LEAST), MOST)
            return match._replace(score=score, context=word)
    return match

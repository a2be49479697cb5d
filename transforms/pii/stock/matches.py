"""Matches of one text, and which of them stock Presidio keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from isinglass.transforms.pii.found import UNCHECKED

if TYPE_CHECKING:
    from collections.abc import Iterable


class Match(NamedTuple):
    """One span that a recognizer found.

    Attributes:
        entity: Kind, such as EMAIL_ADDRESS.
        start: First code point.
        end: One past the last.
        score: 0 to 1; after context, once that was looked at.
        rule: Name of the pattern, recognizer or model.
        base: Score before context, 0 to 1.
        checked: `found.UNCHECKED` or `found.VALID`; invalid ones are not kept.
        recognizer: Position of its recognizer, -1 for the model.
        context: The context word that raised the score.
    """

    entity: str
    start: int
    end: int
    score: float
    rule: str
    base: float
    checked: int = UNCHECKED
    recognizer: int = -1
    context: str | None = None


class Search(Protocol):
    """How one recognizer looks at a text."""

    def find(self, text: str, seconds: float) -> list[Match]:
        """Matches in a text, before context.

        Args:
            text: The whole text.
            seconds: Time that each regular expression may take.

        Raises:
            TimeoutError: A regular expression ran out of time.
        """
        ...


def remove_duplicates(matches: Iterable[Match]) -> list[Match]:
    """What `EntityRecognizer.remove_duplicates` keeps, by entity and place.

    Of matches of one entity that lie within each other, one with a score not above
    that of the outer one goes, and so does any with score 0.

    Args:
        matches: Of one text, in any order. Of equal ones the first stays.
    """
    distinct: dict[tuple[str, int, int, float], Match] = {}
    for match in matches:
        distinct.setdefault((match.entity, match.start, match.end, match.score), match)
    kept: list[Match] = []
    around: list[Match] = []
    for match in sorted(distinct.values(), key=_outer_first):
        # What follows starts here or later, so that only these can hold it.
        around = [
            other
            for other in around
            if other.entity == match.entity and other.end >= match.start
        ]
        inside = any(
            match.end <= other.end and match.score <= other.score for other in around
        )
        if match.score > 0 and not inside:
            kept.append(match)
            around.append(match)
    return kept


def _outer_first(match: Match) -> tuple[str, int, int, float]:
    return (match.entity, match.start, -match.end, -match.score)

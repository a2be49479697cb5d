"""The stock phone recognizer, with what cannot be a number asked about only once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from phonenumbers import PhoneNumberMatcher, phonenumbermatcher

from isinglass.transforms.pii.stock.matches import Match, remove_duplicates

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMO_CANDIDATES = 65_536
"""Candidates remembered. Most are years and other short numbers, which recur."""

_MAY_MATCH = -1

_MATCHER: Any = phonenumbermatcher
_CANDIDATE = _MATCHER._PATTERN  # noqa: SLF001 - what it searches with
_SECOND = _MATCHER._SECOND_NUMBER_START_PATTERN  # noqa: SLF001
_TIME = _MATCHER._TIME_STAMPS  # noqa: SLF001


@dataclass(frozen=True)
class PhoneSearch:
    """The matches of `PhoneRecognizer.analyze`.

    That one searches the text once for each region. Its candidates are the same in
    all regions up to the first match, and whether one can hold a number of a region
    depends on its characters alone: those around it only reject more. So candidates
    are taken once, each is remembered, and a region is searched only if one may match.

    Attributes:
        recognizer: Presidio's: regions, leniency and score.
        number: Its position among the recognizers.
    """

    recognizer: Any = field(repr=False)
    number: int

    def find(self, text: str, seconds: float) -> list[Match]:  # noqa: ARG002
        """See `matches.Search`. Its regular expressions are bounded by their form."""
        recognizer = self.recognizer
        regions, leniency = tuple(recognizer.supported_regions), recognizer.leniency
        possible: set[int] = set()
        for candidate in _candidates(text):
            tries = _tries(candidate, regions, leniency)
            possible.update(i for i, n in enumerate(tries) if n == _MAY_MATCH)
            if len(possible) == len(regions):
                break
        entity, score = recognizer.supported_entities[0], recognizer.SCORE
        return remove_duplicates(
            Match(
                entity, hit.start, hit.end, score, recognizer.name, score,
                recognizer=self.number,
            )
            for position in sorted(possible)
            for hit in _Matcher(text, regions, position, leniency)
        )  # fmt: skip


class _Matcher(PhoneNumberMatcher):
    """Passes over candidates that are known to hold no number of its region."""

    def __init__(
        self, text: str, regions: tuple[str, ...], position: int, leniency: int
    ) -> None:
        super().__init__(text, regions[position], leniency=leniency)
        self._regions = regions
        self._position = position

    def _extract_match(self, candidate: str, offset: int) -> Any:
        tries = _tries(candidate, self._regions, self.leniency)[self._position]
        # What follows a time stamp decides whether parts of it are tried at all.
        if tries == _MAY_MATCH or _TIME.search(candidate):
            return super()._extract_match(candidate, offset)
        # The number of tries in a text is limited, and used up as they would be.
        self._max_tries -= tries
        return None


def _candidates(text: str) -> Iterator[str]:
    """What the matcher looks at, in a text without a match."""
    found = _CANDIDATE.search(text)
    while found is not None:
        candidate = found.group()
        second = _SECOND.search(candidate)
        if second is not None:
            candidate = candidate[: second.start()]
        yield candidate
        found = _CANDIDATE.search(text, found.start() + len(candidate))


@lru_cache(maxsize=MEMO_CANDIDATES)
def _tries(candidate: str, regions: tuple[str, ...], leniency: int) -> tuple[int, ...]:
    """For each region, tries before the matcher gives up, or that it does not."""
    return tuple(_tries_in(candidate, region, leniency) for region in regions)


def _tries_in(candidate: str, region: str, leniency: int) -> int:
    matcher: Any = PhoneNumberMatcher(candidate, region, leniency=leniency)
    before = matcher._max_tries  # noqa: SLF001 - it has no public counter
    if matcher._extract_match(candidate, 0) is not None:  # noqa: SLF001
        return _MAY_MATCH
    return int(before - matcher._max_tries)  # noqa: SLF001

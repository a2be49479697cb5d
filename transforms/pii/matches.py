"""Matches of one recognizer in one stretch of text, without those inside of others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple


class Match(NamedTuple):
    """One match.

    Attributes:
        start: First code point of the stretch.
        end: One past the last.
        score: 0 to 1, before context.
        rule: Name of the pattern, or of the recognizer.
        valid: Outcome of the checksum; None without one.
    """

    start: int
    end: int
    score: float
    rule: str
    valid: bool | None


def without_contained(matches: list[Match]) -> list[Match]:
    """Leave out matches that lie in one of at least their score.

    The rule of Presidio's `EntityRecognizer.remove_duplicates` for one entity, in
    n log n steps instead of n^2: a page of numbers has thousands of matches.

    Args:
        matches: In any order.

    Returns:
        The rest by descending score, then by start, then the longer first.
    """
    if len(matches) < 2:  # noqa: PLR2004 - nothing to compare
        return matches
    ordered = sorted(matches, key=lambda m: (-m.score, m.start, m.start - m.end))
    kept = []
    # Of the kept ones those that lie in no other, so that starts and ends ascend.
    starts: list[int] = []
    ends: list[int] = []
    for match in ordered:
        before = bisect_right(starts, match.start)
        if before and ends[before - 1] >= match.end:
            continue
        kept.append(match)
        low, high = bisect_left(starts, match.start), bisect_right(ends, match.end)
        if low < high:
            starts[low:high], ends[low:high] = [match.start], [match.end]
        else:
            starts.insert(low, match.start)
            ends.insert(low, match.end)
    return kept

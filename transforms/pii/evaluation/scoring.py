"""Precision and recall of found spans against labelled ones: spans in, counts out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from isinglass.transforms.pii.evaluation.labels import IGNORED
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

ANY_OVERLAP, EXACT = "overlap", "strict"
"""Ways to match: any shared character of the same entity, or the same span."""


class Span(NamedTuple):
    """A span of a record; `entity` is `labels.IGNORED` for what is not scored."""

    record: int
    start: int
    end: int
    entity: str


@dataclass(frozen=True)
class Score:
    """Counts of one entity, or of all of them.

    Attributes:
        gold: Labelled spans.
        found: Of these, matched by a prediction of the entity.
        predicted: Predictions, without those that touch ignored labels only.
        right: Of these, matching a labelled span of the entity.
    """

    gold: int = 0
    found: int = 0
    predicted: int = 0
    right: int = 0

    def __add__(self, other: Score) -> Score:
        """Sum of the counts."""
        return Score(
            self.gold + other.gold,
            self.found + other.found,
            self.predicted + other.predicted,
            self.right + other.right,
        )

    @property
    def false_hits(self) -> int:
        """Predictions that match nothing."""
        return self.predicted - self.right

    @property
    def precision(self) -> float | None:
        """Share of predictions that are right; None without any."""
        return self.right / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Share of labelled spans that are found; None without any."""
        return self.found / self.gold if self.gold else None

    def f(self, beta: float) -> float | None:
        """F measure (van Rijsbergen 1979, chapter 7).

        Args:
            beta: How many times as much recall counts as precision.

        Returns:
            None where precision or recall is not defined.
        """
        precision, recall = self.precision, self.recall
        if precision is None or recall is None:
            return None
        if precision + recall == 0:
            return 0.0
        weight = beta * beta
        return (1 + weight) * precision * recall / (weight * precision + recall)

    def interval(self, name: str) -> tuple[float, float]:
        """95 % Wilson interval of `precision` or `recall`."""
        if name == "precision":
            return wilson(self.right, self.predicted)
        return wilson(self.found, self.gold)


@dataclass(frozen=True)
class Match:
    """How the spans of one entity met.

    Attributes:
        misses: Positions in the labelled spans that were not found.
        false_hits: Positions in the predictions that are wrong.
    """

    score: Score
    misses: list[int] = field(repr=False)
    false_hits: list[int] = field(repr=False)


def match_spans(
    gold: Sequence[Span],
    predicted: Sequence[Span],
    entities: Collection[str],
    how: str = ANY_OVERLAP,
) -> dict[str, Match]:
    """Match predictions and labelled spans.

    With `ANY_OVERLAP` a labelled span is found if a prediction of its entity overlaps
    it, and a prediction is right if it overlaps a labelled span of its entity. With
    `EXACT` the spans must be the same. In both, a prediction that overlaps ignored
    labels and no other is left out.

    Args:
        gold: Labelled spans, ignored ones among them; none empty.
        predicted: Found spans; none empty.
        entities: Entities to score.
        how: `ANY_OVERLAP` or `EXACT`.

    Returns:
        By entity, in order of name.
    """
    stride = 1 + max((span.end for span in (*gold, *predicted)), default=0)
    wanted, guessed = _keys(gold, stride), _keys(predicted, stride)
    names = np.array([span.entity for span in gold], object)
    guesses = np.array([span.entity for span in predicted], object)
    ignored = names == IGNORED
    nobody = _overlap(guessed, wanted[ignored]) & ~_overlap(guessed, wanted[~ignored])
    meets = _overlap if how == ANY_OVERLAP else _equal
    result = {}
    for entity in sorted(entities):
        own = np.flatnonzero(names == entity)
        hits = np.flatnonzero((guesses == entity) & ~nobody)
        found = meets(wanted[own], guessed[hits])
        right = meets(guessed[hits], wanted[own])
        score = Score(len(own), int(found.sum()), len(hits), int(right.sum()))
        result[entity] = Match(score, own[~found].tolist(), hits[~right].tolist())
    return result


def total(matches: dict[str, Match]) -> Score:
    """Sum over entities, from which micro averages follow."""
    return sum((match.score for match in matches.values()), Score())


def _keys(spans: Sequence[Span], stride: int) -> NDArray[np.int64]:
    """Start and end on one line on which records follow each other (n, 2)."""
    rows = [(s.record * stride + s.start, s.record * stride + s.end) for s in spans]
    return np.array(rows, np.int64).reshape(-1, 2)


def _overlap(ones: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of some spans (n,) share a character with any of the others.

    Of the others, those that start before a span ends, less those that end before it
    starts, overlap it.
    """
    starts, ends = np.sort(others[:, 0]), np.sort(others[:, 1])
    begun = np.searchsorted(starts, ones[:, 1], side="left")
    over = np.searchsorted(ends, ones[:, 0], side="right")
    return np.asarray(begun > over)


def _equal(ones: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    known = set(map(tuple, others.tolist()))
    return np.array([tuple(one) in known for one in ones.tolist()], np.bool_)

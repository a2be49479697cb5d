"""Precision and recall of found spans against labelled ones, spans in, counts out."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.data import load_data
from isinglass.transforms.statistics.intervals import wilson

IGNORED = ""
"""Stands for labels whose spans are neither right nor wrong."""

_PREFIX = re.compile(r"^[BILSUE]-")


@dataclass(frozen=True)
class Labels:
    """Entity by label.

    Attributes:
        entities: By label in capitals without a prefix; `IGNORED` for some.
    """

    entities: dict[str, str]

    @classmethod
    def of(
        cls,
        known: Collection[str],
        mapped: Sequence[str] = (),
        ignored: Sequence[str] = (),
    ) -> Labels:
        """The mapping of the data file with what a user adds.

        Raises:
            ConfigError: An addition is not of this form.
        """
        content = load_data("labels", "spans").content
        own = {_plain(label): IGNORED for label in content["ignored"]}
        for entity, labels in content["entities"].items():
            own |= {_plain(label): entity for label in labels}
        own |= {name: name for name in (*known, *content["entities"])}
        own |= {_plain(label): IGNORED for label in ignored}
        for pair in mapped:
            label, separator, entity = pair.partition("=")
            if not separator or not label.strip() or not entity.strip():
                msg = f"--map {pair}: write LABEL=ENTITY, such as PATIENT=PERSON"
                raise ConfigError(msg)
            own[_plain(label)] = entity.strip()
        return cls(own)

    def entity(self, label: str) -> str | None:
        """Entity of a label, `IGNORED`, or None if the label is not known."""
        if label in self.entities:
            return self.entities[label]
        return self.entities.get(_plain(label))


def _plain(label: str) -> str:
    return _PREFIX.sub("", label.strip().upper())


ANY_OVERLAP, EXACT = "overlap", "strict"
"""Ways to match: any shared character of the same entity, or the same span."""


class Span(NamedTuple):
    """A span of a record; `entity` is `labels.IGNORED` for what is not scored."""

    record: int
    start: int
    end: int
    entity: str


class Score(NamedTuple):
    """Counts of one entity, or of all of them.

    Attributes:
        found: Of these, matched by a prediction of the entity.
        predicted: Predictions, without those that touch ignored labels only.
        right: Of these, matching a labelled span of the entity.
    """

    gold: int = 0
    found: int = 0
    predicted: int = 0
    right: int = 0

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
    """How the spans of one entity met."""

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
    return Score(*map(sum, zip(*(m.score for m in matches.values()), strict=True)))


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

"""Findings while they are gathered: columns of numbers, no object a finding."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from isinglass.schemas.spans import FOUND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

UNCHECKED, INVALID, VALID = -1, 0, 1
"""Outcomes of a checksum, as numbers: none was computed, it fails, it holds."""


class Origin(NamedTuple):
    """What many findings have in common: who found them, as what, by which rule.

    Attributes:
        entity: Kind, such as EMAIL_ADDRESS.
        detector: `tables.PATTERN_DETECTOR` or `MODEL_DETECTOR`.
        rule: Name of the pattern, recognizer or model.
        score: Score of its matches before context, 0 to 1.
    """

    entity: str
    detector: str
    rule: str
    score: float


@dataclass
class FoundColumns:
    """Findings of one batch, in any order.

    Strings are kept once for each origin and context word, findings hold their numbers.
    """

    _origins: dict[Origin, int] = field(default_factory=dict)
    _contexts: dict[str, int] = field(default_factory=dict)
    _rows: array[int] = field(default_factory=lambda: array("i"), repr=False)
    _starts: array[int] = field(default_factory=lambda: array("i"), repr=False)
    _ends: array[int] = field(default_factory=lambda: array("i"), repr=False)
    _origin: array[int] = field(default_factory=lambda: array("i"), repr=False)
    _scores: array[float] = field(default_factory=lambda: array("d"), repr=False)
    _checked: array[int] = field(default_factory=lambda: array("b"), repr=False)
    _context: array[int] = field(default_factory=lambda: array("i"), repr=False)

    def __len__(self) -> int:
        """Findings so far."""
        return len(self._rows)

    def add(
        self,
        span: tuple[int, int, int],
        origin: Origin,
        *,
        checked: int = UNCHECKED,
        score: float | None = None,
        context: str | None = None,
    ) -> None:
        """Add one finding.

        Args:
            span: Row, start and end (code points).
            origin: Who found it.
            checked: UNCHECKED, INVALID or VALID.
            score: Score after context; that of the origin if None.
            context: The word of the recognizer's list that raised the score.
        """
        row, start, end = span
        self._rows.append(row)
        self._starts.append(start)
        self._ends.append(end)
        self._origin.append(self._origins.setdefault(origin, len(self._origins)))
        self._scores.append(origin.score if score is None else score)
        self._checked.append(checked)
        number = -1
        if context is not None:
            number = self._contexts.setdefault(context, len(self._contexts))
        self._context.append(number)

    def extend(
        self,
        rows: NDArray[np.int32],
        starts: NDArray[np.int32],
        ends: NDArray[np.int32],
        origins: list[Origin],
        which: NDArray[np.int32],
    ) -> None:
        """Add many findings without checksum and context.

        Args:
            rows: int32 (n,).
            starts: int32 (n,), code points.
            ends: int32 (n,), exclusive.
            origins: Distinct origins.
            which: int32 (n,), positions in `origins`.
        """
        numbers = [self._origins.setdefault(o, len(self._origins)) for o in origins]
        scores = np.array([o.score for o in origins], np.float64)
        count = len(rows)
        for target, values in (
            (self._rows, rows),
            (self._starts, starts),
            (self._ends, ends),
            (self._origin, np.array(numbers, np.int32)[which]),
            (self._context, np.full(count, -1)),
        ):
            target.frombytes(np.ascontiguousarray(values, np.int32).tobytes())
        self._scores.frombytes(np.ascontiguousarray(scores[which]).tobytes())
        self._checked.frombytes(np.full(count, UNCHECKED, np.int8).tobytes())

    def relocate(self, places: Mapping[int, NDArray[np.int64]], since: int) -> None:
        """Move findings in texts from which characters were left out.

        Args:
            places: By row, where each code point of the text stands in the original.
            since: The first finding to move; earlier ones are of the original.
        """
        if not places:
            return
        for i in range(since, len(self._rows)):
            moved = places.get(self._rows[i])
            if moved is not None:
                self._starts[i] = int(moved[self._starts[i]])
                self._ends[i] = int(moved[self._ends[i] - 1]) + 1

    def batch(self, thresholds: Mapping[str, float] | None = None) -> pa.RecordBatch:
        """All findings as `spans.FOUND`, sorted by row, start, end and entity.

        Of several findings of one entity at the same place the one with the highest
        score stays; then a validated one; then the first by detector and rule.

        Args:
            thresholds: Least score by entity; entities without one pass.
        """
        origins = list(self._origins)
        columns = self._arrays()
        order = columns.order(_ranks([o.entity for o in origins]), _ranks(origins))
        columns = columns.take(order)
        if thresholds is not None:
            least = np.array([thresholds.get(o.entity, 0.0) for o in origins])
            columns = columns.take(
                np.flatnonzero(columns.scores >= least[columns.origin])
            )
        entities = _ranks([o.entity for o in origins])
        columns = columns.take(columns.first_of_place(entities))
        return columns.table(origins, list(self._contexts))

    def _arrays(self) -> _Arrays:
        return _Arrays(
            np.array(self._rows, np.int32),
            np.array(self._starts, np.int32),
            np.array(self._ends, np.int32),
            np.array(self._origin, np.int32),
            np.array(self._scores, np.float64),
            np.array(self._checked, np.int8),
            np.array(self._context, np.int32),
        )


@dataclass(frozen=True)
class _Arrays:
    rows: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    origin: NDArray[np.int32]
    scores: NDArray[np.float64]
    checked: NDArray[np.int8]
    context: NDArray[np.int32]

    def order(
        self, entities: NDArray[np.int64], ranks: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        keys = (
            ranks[self.origin],
            self.checked != VALID,
            -self.scores,
            entities[self.origin],
            self.ends,
            self.starts,
            self.rows,
        )
        return np.lexsort(keys)

    def take(self, order: NDArray[np.int64]) -> _Arrays:
        return _Arrays(*(getattr(self, name)[order] for name in _NAMES))

    def first_of_place(self, entities: NDArray[np.int64]) -> NDArray[np.int64]:
        kind = entities[self.origin]
        new = np.ones(len(self.rows), np.bool_)
        if len(new):
            same = [x[1:] == x[:-1] for x in (self.rows, self.starts, self.ends, kind)]
            new[1:] = ~np.logical_and.reduce(same)
        return np.flatnonzero(new)

    def table(self, origins: list[Origin], contexts: list[str]) -> pa.RecordBatch:
        names: list[list[str]] = [
            [getattr(o, name) for o in origins]
            for name in ("entity", "detector", "rule")
        ]
        entity, detector, rule = (
            pa.array(values, pa.string()).take(pa.array(self.origin))
            for values in names
        )
        base = np.array([o.score for o in origins], np.float64)[self.origin]
        words = pa.array(self.context, mask=self.context < 0)
        columns = [
            pa.array(self.rows),
            pa.array(self.starts),
            pa.array(self.ends),
            entity,
            pa.array(self.scores),
            detector,
            rule,
            pa.array(self.checked == VALID, mask=self.checked == UNCHECKED),
            pa.array(base),
            pa.array(contexts, pa.string()).take(words),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=FOUND)


_NAMES = ("rows", "starts", "ends", "origin", "scores", "checked", "context")


def _ranks(values: Sequence[Any]) -> NDArray[np.int64]:
    """Rank of each value among the sorted distinct ones."""
    ordered = {value: rank for rank, value in enumerate(sorted(set(values)))}
    return np.array([ordered[value] for value in values], np.int64)

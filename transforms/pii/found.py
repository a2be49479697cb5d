"""Findings: gathered as columns of numbers, and of overlapping ones which remains."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.spans import FOUND, PLACE_ORDER
from isinglass.transforms.compiled import njit

PATTERN_DETECTOR, MODEL_DETECTOR = "presidio", "spacy"
"""Names of the detectors, in the findings."""

_COLUMNS = 6
_TRUST_ORDER = [
    *PLACE_ORDER,
    ("score", "descending"),
    ("validated", "descending"),
    *((name, "ascending") for name in ("detector", "rule", "base_score")),
]

_ORIGIN = pa.schema(
    [
        ("entity", pa.string()),
        ("detector", pa.string()),
        ("rule", pa.string()),
        ("score", pa.float64()),
    ]
)


class Origin(NamedTuple):
    """What many findings have in common: who found them, as what, by which rule.

    Attributes:
        detector: `PATTERN_DETECTOR` or `MODEL_DETECTOR`.
        score: Score of its matches before context, 0 to 1.
    """

    entity: str
    detector: str
    rule: str
    score: float


@dataclass
class FoundColumns:
    """Findings of one batch, in any order.

    Strings are kept once for each origin and context word, findings hold their numbers:
    row, start, end, origin, context and outcome of the checksum, one after the other.
    """

    _origins: dict[Origin, int] = field(default_factory=dict)
    _contexts: dict[str | None, int] = field(default_factory=dict)
    _numbers: array[int] = field(default_factory=lambda: array("i"), repr=False)
    _scores: array[float] = field(default_factory=lambda: array("d"), repr=False)

    def __len__(self) -> int:
        """Findings so far."""
        return len(self._scores)

    def add(
        self,
        span: tuple[int, int, int],
        origin: Origin,
        *,
        valid: bool | None = None,
        score: float | None = None,
        context: str | None = None,
    ) -> None:
        """Add one finding.

        Args:
            span: Row, start and end (code points).
            origin: Who found it.
            valid: Whether its checksum holds; None if none was computed.
            score: Score after context; that of the origin if None.
            context: The word of the recognizer's list that raised the score.
        """
        number = self._origins.setdefault(origin, len(self._origins))
        word = self._contexts.setdefault(context, len(self._contexts))
        checked = -1 if valid is None else int(valid)
        self._numbers.extend((*span, number, word, checked))
        self._scores.append(origin.score if score is None else score)

    def extend(
        self, spans: NDArray[np.int32], origins: list[Origin], which: NDArray[np.int32]
    ) -> None:
        """Add many findings without checksum and context.

        Args:
            spans: int32 (3, n): rows, starts and ends (code points).
            origins: Of any of them.
            which: int32 (n,), positions in `origins`.
        """
        known = [self._origins.setdefault(o, len(self._origins)) for o in origins]
        word = self._contexts.setdefault(None, len(self._contexts))
        numbers = np.empty((len(which), _COLUMNS), np.int32)
        numbers[:, :3] = spans.T
        numbers[:, 3] = np.array(known, np.int32)[which]
        numbers[:, 4:] = word, -1
        self._numbers.frombytes(numbers.tobytes())
        scores = np.array([origin.score for origin in origins], np.float64)
        self._scores.frombytes(scores[which].tobytes())

    def places(self) -> Iterator[tuple[tuple[int, int, int], Origin]]:
        """Row, start and end (code points) of each finding, and who found it."""
        origins = list(self._origins)
        for i in range(0, len(self._numbers), _COLUMNS):
            row, start, end, origin = self._numbers[i : i + 4]
            yield (row, start, end), origins[origin]

    def relocate(self, places: Mapping[int, NDArray[np.int64]], since: int) -> None:
        """Move findings in texts from which characters were left out.

        Args:
            places: By row, where each code point of the text stands in the original.
            since: The first finding to move; earlier ones are of the original.
        """
        for i in range(since * _COLUMNS, len(self._numbers) if places else 0, _COLUMNS):
            row, start, end = self._numbers[i : i + 3]
            if row in places:
                self._numbers[i + 1] = int(places[row][start])
                self._numbers[i + 2] = int(places[row][end - 1]) + 1

    def batch(self, thresholds: Mapping[str, float] | None = None) -> pa.RecordBatch:
        """All findings as `spans.FOUND`, sorted by row, start, end and entity.

        Of several findings of one entity at the same place the one with the highest
        score stays; then a validated one; then the first by detector and rule.

        Args:
            thresholds: Least score by entity; entities without one pass.
        """
        origins = [origin._asdict() for origin in self._origins]
        numbers = np.array(self._numbers, np.int32).reshape(-1, _COLUMNS)
        scores = np.array(self._scores, np.float64)
        if thresholds is not None:
            least = [thresholds.get(origin.entity, 0.0) for origin in self._origins]
            kept = scores >= np.array(least, np.float64)[numbers[:, 3]]
            numbers, scores = numbers[kept], scores[kept]
        rows, starts, ends, origin, word, checked = map(pa.array, numbers.T)
        named = pa.RecordBatch.from_pylist(origins, schema=_ORIGIN).take(origin)
        columns = {
            "row": rows,
            "start": starts,
            "end": ends,
            "entity": named["entity"],
            "score": scores,
            "detector": named["detector"],
            "rule": named["rule"],
            "validated": pc.if_else(pc.less(checked, 0), None, pc.equal(checked, 1)),
            "base_score": named["score"],
            "context": pa.array(self._contexts, pa.string()).take(word),
        }
        batch = pa.RecordBatch.from_pydict(columns, schema=FOUND)
        return _first_of_each_place(batch.sort_by(_TRUST_ORDER))


def _first_of_each_place(findings: pa.RecordBatch) -> pa.RecordBatch:
    if findings.num_rows == 0:
        return findings
    before, here = findings.slice(0, findings.num_rows - 1), findings.slice(1)
    same = (pc.equal(before[name], here[name]) for name, _ in PLACE_ORDER)
    again = reduce(pc.and_, same).to_numpy(zero_copy_only=False)
    return findings.filter(pa.array(np.append(True, ~again)))


def resolve_overlaps(findings: pa.RecordBatch) -> pa.RecordBatch:
    """Keep, of overlapping spans of a row, the one to be trusted most.

    A span with a verified checksum goes before one beside a word that names it, that
    before any other one found by a pattern, and that before one found by a model. The
    plan and the words of a telephone number do not count for this: most numbers could
    be dialled, and such words stand near many. Then the longer span; then the higher
    score; then the entity that comes first by name, then the one that starts first.
    Spans are taken in this order, each unless it overlaps one already taken; spans that
    only touch do not.

    Returns:
        The remaining rows, sorted by row, start, end and entity.
    """
    findings = findings.sort_by(PLACE_ORDER)
    rows, starts, ends = (
        findings.column(name).to_numpy().astype(np.int64)
        for name in ("row", "start", "end")
    )
    order = np.lexsort(
        (
            starts,
            pc.rank(findings.column("entity"), tiebreaker="dense").to_numpy(),
            -findings.column("score").to_numpy(),
            starts - ends,
            -_trust(findings),
            rows,
        )
    )
    return findings.filter(pa.array(_choose(rows, starts, ends, order)))


def _trust(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """3 with a verified checksum, 2 beside a word, 1 by a pattern, 0 by a model."""
    no_phone = pc.not_equal(batch.column("entity"), "PHONE_NUMBER")
    checked = pc.fill_null(batch.column("validated"), fill_value=False)
    pattern = pc.not_equal(batch.column("detector"), MODEL_DETECTOR)
    named = pc.is_valid(batch.column("context"))
    held, by_pattern, beside = (
        x.to_numpy(zero_copy_only=False)
        for x in (pc.and_(checked, no_phone), pattern, pc.and_(named, no_phone))
    )
    return np.where(held, 3, by_pattern * (1 + beside.astype(np.int64)))


@njit(nogil=True)
def _choose(rows: Any, starts: Any, ends: Any, order: Any) -> Any:
    """Greedy choice. Spans are sorted by position; `order` groups them by row.

    Only spans of one connected stretch can overlap: from each span in turn, neighbours
    are looked at to the right while they start before its end, and to the left while
    any span so far reaches over its start.
    """
    count = len(rows)
    reach = np.empty(count, np.int64)
    for i in range(count):
        reach[i] = ends[i]
        if i and rows[i - 1] == rows[i] and reach[i - 1] > reach[i]:
            reach[i] = reach[i - 1]
    chosen = np.zeros(count, np.bool_)
    for i in order:
        free = True
        j = i - 1
        while free and j >= 0 and rows[j] == rows[i] and reach[j] > starts[i]:
            free = not (chosen[j] and ends[j] > starts[i])
            j -= 1
        j = i + 1
        while free and j < count and rows[j] == rows[i] and starts[j] < ends[i]:
            free = not chosen[j]
            j += 1
        chosen[i] = free
    return chosen

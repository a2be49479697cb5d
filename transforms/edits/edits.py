"""What a stage wants changed in texts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa

from isinglass.schemas.arrays import Integers
from isinglass.schemas.spans import FAILURES, FOUND


def no_spans() -> pa.RecordBatch:
    """`spans.FOUND` without rows."""
    return pa.RecordBatch.from_pylist([], schema=FOUND)


def no_failures() -> pa.RecordBatch:
    """`spans.FAILURES` without rows."""
    return pa.RecordBatch.from_pylist([], schema=FAILURES)


def places_of(spans: pa.RecordBatch | pa.Table) -> tuple[Integers, Integers, Integers]:
    """Row, start and end of each span, int64."""
    rows, starts, ends = (
        spans.column(name).to_numpy().astype(np.int64)
        for name in ("row", "start", "end")
    )
    return rows, starts, ends


class Precedence(IntEnum):
    """Which span goes before which where they overlap: the lower number wins."""

    ERASE = 0
    REDACT = 1
    SWAP = 2


class Written(NamedTuple):
    """What takes the place of a value, and a keyed mark of the value.

    The operator `keep` leaves it as it is.
    """

    operator: str
    output: str
    value_key: str


Write = Callable[[str, str], Written]
"""What takes the place of a value, by its entity and the value."""


def _unwritten(entity: str, _value: str) -> Written:
    raise ValueError(f"nothing says what takes the place of {entity}: give `write`")


NO_KEY = "0" * 32
"""Value key of what has none: equal values cannot be told from it."""


def spans_of(
    places: Sequence[tuple[int, int, int]], entity: str, detector: str
) -> pa.RecordBatch:
    """Spans of one kind as `spans.FOUND`, by row, start and end of each, sorted."""
    fixed: dict[str, Any] = {
        "entity": entity,
        "score": 1.0,
        "detector": detector,
        "rule": detector,
        "base_score": 1.0,
    }
    rows = [
        {"row": row, "start": start, "end": end, **fixed} for row, start, end in places
    ]
    return pa.RecordBatch.from_pylist(rows, schema=FOUND)


@dataclass(frozen=True, eq=False)
class Edits:
    """Spans of a batch that one stage changes.

    Attributes:
        spans: `spans.FOUND`; `row` is an index into the view, offsets are those of the
            source texts. Sorted, without overlaps, none in or over a part that was cut.
        write: From entity and value to what takes its place.
        precedence: What becomes of overlaps with spans of other stages.
        failures: `spans.FAILURES`: rows that could not be read. They go to quarantine.
        counts: Integers that add up over batches.
    """

    spans: pa.RecordBatch = field(default_factory=no_spans, repr=False)
    write: Write = field(default=_unwritten, repr=False)
    precedence: Precedence = Precedence.REDACT
    failures: pa.RecordBatch = field(default_factory=no_failures)
    counts: Counter[str] = field(default_factory=Counter)

    def to_batch(self) -> pa.RecordBatch:
        """All but `write`, as one row."""
        counts = json.dumps(self.counts, sort_keys=True)
        columns = {
            "spans": _in_one_row(self.spans),
            "failures": _in_one_row(self.failures),
            "precedence": pa.array([int(self.precedence)], pa.int8()),
            "counts": pa.array([counts], pa.string()),
        }
        return pa.RecordBatch.from_pydict(columns)

    @classmethod
    def from_batch(cls, row: pa.RecordBatch, write: Write) -> Self:
        """Inverse of `to_batch`."""
        return cls(
            _out_of_one_row(row.column("spans"), FOUND),
            write,
            Precedence(row.column("precedence")[0].as_py()),
            _out_of_one_row(row.column("failures"), FAILURES),
            Counter(json.loads(row.column("counts")[0].as_py())),
        )


def _in_one_row(batch: pa.RecordBatch) -> pa.ListArray:
    return pa.ListArray.from_arrays([0, batch.num_rows], batch.to_struct_array())


def _out_of_one_row(column: pa.ListArray, schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(column.flatten().flatten(), schema=schema)

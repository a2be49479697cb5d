"""Tables that travel between detection, overlap resolution and the operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from isinglass.schemas.spans import FAILURES, FOUND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATTERN_DETECTOR, MODEL_DETECTOR = "presidio", "spacy"
"""Names of the detectors, in the findings."""


class Found(NamedTuple):
    """One detected span, in the order of the columns of `FOUND`."""

    row: int
    start: int
    end: int
    entity: str
    score: float
    detector: str
    rule: str
    validated: bool | None
    base_score: float = 0.0
    context: str | None = None


def findings_batch(found: Sequence[Found]) -> pa.RecordBatch:
    """Spans as a table sorted by row, start, end and entity; duplicates merged.

    Of several spans of one entity at the same place the one with the highest score
    stays; then a validated one; then the first by detector and rule.
    """
    best: dict[tuple[int, int, int, str], Found] = {}
    for item in found:
        place = item[:4]
        if place not in best or _rank(item) < _rank(best[place]):
            best[place] = item
    rows = [best[place] for place in sorted(best)]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(FOUND)
    arrays = [
        pa.array(column, kind.type) for column, kind in zip(columns, FOUND, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=FOUND)


def _rank(item: Found) -> tuple[float, bool, str, str]:
    return (-item.score, item.validated is not True, item.detector, item.rule)


def failures_batch(failed: Mapping[int, tuple[str, str]]) -> pa.RecordBatch:
    """Reason and detail by row, as a table in row order."""
    rows = sorted(failed)
    columns = [
        pa.array(rows, pa.int32()),
        pa.array([failed[row][0] for row in rows], pa.string()),
        pa.array([failed[row][1] for row in rows], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=FAILURES)


def without_rows(findings: pa.RecordBatch, rows: Sequence[int]) -> pa.RecordBatch:
    """Findings of all rows but the given ones."""
    mask = np.isin(findings.column("row").to_numpy(), np.asarray(rows, np.int32))
    return findings.filter(pa.array(~mask))

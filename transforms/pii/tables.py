"""Tables that travel between detection, overlap resolution and the operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.spans import FAILURES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATTERN_DETECTOR, MODEL_DETECTOR = "presidio", "spacy"
"""Names of the detectors, in the findings."""


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

"""Findings in texts that were cut: none crosses a seam; offsets of the source text.

What stood before a cut part and what stood behind it may be found as one value. In the
source text that is no span, so each side of the seam is a finding of its own.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.transforms.edits.cut import Cut


def split_at_seams(findings: pa.RecordBatch, cut: Cut) -> pa.RecordBatch:
    """Divide the findings that reach over a seam.

    Args:
        findings: `spans.FOUND` of the cut texts, without overlaps, sorted by row and
            start.
        cut: The cut texts.

    Returns:
        Findings of the same kind, each within one stretch of the source text. A part
        has no checksum of its own, nothing but letters and digits at its ends, and is
        left out if it holds neither.
    """
    crossing = np.flatnonzero(_crosses(findings, cut))
    if len(crossing) == 0:
        return findings
    pieces, done = [], 0
    for index in crossing.tolist():
        pieces.append(findings.slice(done, index - done))
        row = findings.slice(index, 1).to_pylist()[0]
        parts = [row | part for part in _parts(row, cut)]
        pieces.append(pa.RecordBatch.from_pylist(parts, schema=findings.schema))
        done = index + 1
    pieces.append(findings.slice(done))
    table = pa.Table.from_batches(pieces, schema=findings.schema).combine_chunks()
    batches = table.to_batches()
    return batches[0] if batches else findings.slice(0, 0)


def in_source(findings: pa.RecordBatch, rows: np.ndarray, cut: Cut) -> pa.RecordBatch:
    """Findings with the offsets that they have in the source texts.

    Args:
        findings: With columns `start` and `end` in the cut texts; none crosses a seam.
        rows: int64 (k,), text of each finding in `cut`.
        cut: The cut texts.
    """
    start, end = (findings.column(name).to_numpy() for name in ("start", "end"))
    moved = cut.to_source(rows, start.astype(np.int64)) - start
    for name, places in (("start", start), ("end", end)):
        index = findings.schema.get_field_index(name)
        column = pa.array((places + moved).astype(np.int32))
        findings = findings.set_column(index, findings.schema.field(index), column)
    return findings


def _crosses(findings: pa.RecordBatch, cut: Cut) -> np.ndarray:
    """Which findings (k,): the source has more between start and end than was found."""
    rows, start, end = (
        findings.column(name).to_numpy().astype(np.int64)
        for name in ("row", "start", "end")
    )
    wide = end > start
    first = cut.to_source(rows, start)
    last = cut.to_source(rows, np.where(wide, end - 1, start))
    return np.asarray(wide & (last - first != end - 1 - start))


def _parts(row: dict[str, Any], cut: Cut) -> Iterator[dict[str, Any]]:
    """Places of the parts of one finding, from left to right."""
    text = cut.texts[row["row"]].as_py()
    seams = cut.seams[cut.rows == row["row"]].tolist()
    inside = sorted({seam for seam in seams if row["start"] < seam < row["end"]})
    bounds = [row["start"], *inside, row["end"]]
    for start, end in pairwise(bounds):
        held = [i for i in range(start, end) if text[i].isalnum()]
        if held:
            yield {"start": held[0], "end": held[-1] + 1, "validated": None}

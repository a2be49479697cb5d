"""One finding a place: which of overlapping spans remains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.spans import PLACE_ORDER
from isinglass.transforms.pii.found import MODEL_DETECTOR

if TYPE_CHECKING:
    from numpy.typing import NDArray


def resolve_overlaps(findings: pa.RecordBatch) -> pa.RecordBatch:
    """Keep, of overlapping spans of a row, the one to be trusted most.

    A span with a verified checksum goes before one found by a pattern, and that before
    one found by a model; then the longer span; then the higher score; then the entity
    that comes first by name, then the one that starts first. Spans are taken in this
    order, each unless it overlaps one already taken; spans that only touch do not.

    Args:
        findings: `spans.FOUND` in any order.

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
    """2 with a verified checksum, 1 found by a pattern, 0 found by a model."""
    checked = pc.fill_null(batch.column("validated"), fill_value=False)
    pattern = pc.not_equal(batch.column("detector"), MODEL_DETECTOR)
    both = [x.to_numpy(zero_copy_only=False) for x in (checked, pattern)]
    return np.where(both[0], 2, both[1].astype(np.int64))


@numba.njit(cache=True, nogil=True)
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

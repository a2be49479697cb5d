"""Findings from rows: what detection hands on, written down by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from isinglass.transforms.pii.found import FoundColumns, Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa


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
    """Spans as a table in order, of equal ones the best."""
    columns = FoundColumns()
    for item in found:
        columns.add(
            item[:3],
            Origin(item.entity, item.detector, item.rule, item.base_score),
            valid=item.validated,
            score=item.score,
            context=item.context,
        )
    return columns.batch()

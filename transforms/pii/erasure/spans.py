"""Erasure on request in one batch: listed places become findings that are taken out.

A listed place goes whatever the detector says of it: it is preferred to every finding
that it overlaps, and what an overlapped finding has beside it is a finding still.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.config import EntityConfig, PiiConfig
from isinglass.transforms.batches import one_batch
from isinglass.transforms.pii.leftovers import with_leftovers
from isinglass.transforms.pii.tables import FOUND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.schemas.config.pii import Operator
    from isinglass.transforms.dedup.cut import Cut

ERASED = "ERASED"
"""Entity of a listed place, in the findings."""

DETECTOR, RULE = "erasure", "forget"
OPERATOR: Operator = "redact"

_ROW = np.int64(32)
_ORDER = [(name, "ascending") for name in ("row", "start", "end", "entity")]


def erasing_operators(pii: PiiConfig | None) -> PiiConfig:
    """The operators of a run that erases: listed places go without a trace.

    Args:
        pii: The `pii` section; None where nothing is detected.
    """
    # Without a `pii` section nothing is detected, so nothing else needs an operator.
    entities = {} if pii is None else pii.entities
    erased = EntityConfig(operator=OPERATOR)
    base = pii if pii is not None else PiiConfig(mode="identifiers")
    return base.model_copy(update={"entities": {**entities, ERASED: erased}})


@dataclass(frozen=True, eq=False)
class Eraser:
    """What is to go, as a worker holds it.

    Attributes:
        table: `tables.ERASURE`.
    """

    table: pa.Table = field(repr=False)

    def listed(self, doc_ids: pa.StringArray) -> NDArray[np.bool_]:
        """Which documents (n,) are listed, as a whole or by a place."""
        known = self.table["doc_id"].combine_chunks()
        found = pc.is_in(doc_ids, value_set=known)
        return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)

    def apply(
        self, findings: pa.RecordBatch, doc_ids: pa.StringArray, cut: Cut
    ) -> pa.RecordBatch:
        """Add the listed places of some documents to their findings.

        Args:
            findings: `tables.FOUND` of the cut texts, without overlaps, sorted.
            doc_ids: Of the texts (n,).
            cut: The texts as they were scanned.

        Returns:
            Findings of the same kind, without overlaps, sorted. What was cut out of a
            text needs no erasure and is no finding.
        """
        rows, starts, ends = self._places(doc_ids)
        if len(rows) == 0:
            return findings
        first = _in_cut(cut, rows, starts)
        last = _in_cut(cut, rows, ends)
        kept = last > first
        erased = _found(*_joined(rows[kept], first[kept], last[kept]))
        return _prefer(erased, findings, cut.texts)

    def _places(
        self, doc_ids: pa.StringArray
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Row, start and end of the listed places, sorted, in the source texts."""
        table = self.table.filter(pc.is_valid(self.table["start"]))
        row = pc.index_in(table["doc_id"], value_set=doc_ids)
        chosen = table.filter(pc.is_valid(row))
        columns = [row.drop_null(), chosen["start"], chosen["end"]]
        rows, starts, ends = (column.to_numpy().astype(np.int64) for column in columns)
        order = np.lexsort((ends, starts, rows))
        return rows[order], starts[order], ends[order]


def _in_cut(
    cut: Cut, rows: NDArray[np.int64], places: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Offsets in the cut texts; inside of a part that was cut, that of its seam."""
    keys = (cut.rows << _ROW) + cut.starts
    total = np.zeros(len(cut.rows) + 1, np.int64)
    np.cumsum(cut.ends - cut.starts, out=total[1:])
    first = np.searchsorted(cut.rows, rows)
    passed = np.searchsorted(keys, (rows << _ROW) + places, side="right")
    taken = total[passed] - total[first]
    inside = np.flatnonzero(passed > first)
    beyond = cut.ends[passed[inside] - 1] - places[inside]
    taken[inside] -= np.maximum(beyond, 0)
    return np.asarray(places - taken)


def _joined(
    rows: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Places without overlaps: those that overlap or touch become one."""
    if len(rows) == 0:
        return rows, starts, ends
    reach = np.maximum.accumulate((rows << _ROW) + ends)
    new = np.ones(len(rows), np.bool_)
    new[1:] = (rows[1:] << _ROW) + starts[1:] > reach[:-1]
    firsts = np.flatnonzero(new)
    lasts = np.append(firsts[1:], len(rows)) - 1
    mask = (np.int64(1) << _ROW) - 1
    return rows[firsts], starts[firsts], reach[lasts] & mask


def _found(
    rows: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> pa.RecordBatch:
    fixed: dict[str, Any] = {
        "entity": ERASED,
        "score": 1.0,
        "detector": DETECTOR,
        "rule": RULE,
        "validated": None,
        "base_score": 1.0,
        "context": None,
    }
    places = {"row": rows, "start": starts, "end": ends}
    columns = [
        pa.array(places[kind.name].astype(np.int32))
        if kind.name in places
        else pa.repeat(pa.scalar(fixed[kind.name], kind.type), len(rows))
        for kind in FOUND
    ]
    return pa.RecordBatch.from_arrays(columns, schema=FOUND)


def _prefer(
    erased: pa.RecordBatch, findings: pa.RecordBatch, texts: pa.StringArray
) -> pa.RecordBatch:
    """All of `erased`, and of the findings what lies beside it."""
    starts, ends = _keys(erased)
    own_starts, own_ends = _keys(findings)
    after = np.searchsorted(ends, own_starts, side="right")
    within = after < len(ends)
    loses = np.zeros(findings.num_rows, np.bool_)
    loses[within] = starts[after[within]] < own_ends[within]
    losers = findings.filter(pa.array(loses))
    both = pa.Table.from_batches([erased, losers]).combine_chunks()
    parts = with_leftovers(one_batch(both), erased, texts)
    untouched = findings.filter(pa.array(~loses))
    return one_batch(pa.Table.from_batches([untouched, parts]).sort_by(_ORDER))


def _keys(found: pa.RecordBatch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Start and end of each finding as one number with its row, ascending."""
    rows, starts, ends = (
        found.column(name).to_numpy().astype(np.int64)
        for name in ("row", "start", "end")
    )
    return (rows << _ROW) + starts, (rows << _ROW) + ends

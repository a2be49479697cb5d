"""Erasure on request in one batch: listed places become spans that are taken out.

A listed place goes whatever else is found there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.config import EntityConfig, PiiConfig
from isinglass.schemas.spans import FOUND
from isinglass.transforms.edits.cut import joined
from isinglass.transforms.edits.edits import Edits, Precedence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.schemas.config.pii import Operator
    from isinglass.transforms.edits.edits import Write
    from isinglass.transforms.edits.view import View

ERASED = "ERASED"
"""Entity of a listed place, in the findings."""

DETECTOR, RULE = "erasure", "forget"
OPERATOR: Operator = "redact"


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

    def edits(self, view: View, write: Write) -> Edits:
        """The listed places of some documents.

        Args:
            view: The documents.
            write: What takes their place; see `erasing_operators`.

        Returns:
            Spans that go before all others. What was cut out of a text needs no
            erasure and is no span.
        """
        rows, starts, ends = self._places(view.doc_ids)
        first = view.cut.from_source(rows, starts)
        last = view.cut.from_source(rows, ends)
        kept = last > first
        erased = _found(*joined(rows[kept], first[kept], last[kept]))
        return Edits(view.in_source(erased), write, Precedence.ERASE)

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

"""Erasure on request in one batch: listed places become spans that are taken out.

A listed place goes whatever else is found there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.arrays import Flags, Integers
from isinglass.schemas.config.pii import Operator
from isinglass.schemas.spans import FOUND
from isinglass.transforms.edits.cut import joined
from isinglass.transforms.edits.edits import Edits, Precedence, Write, Written, spans_of
from isinglass.transforms.pii.operators.replacement import value_key

if TYPE_CHECKING:
    from isinglass.transforms.edits.view import View

ERASED = "ERASED"
"""Entity of a listed place, in the findings."""

DETECTOR, RULE = "erasure", "forget"
OPERATOR: Operator = "redact"


def erasing(key: bytes) -> Write:
    """What takes the place of a listed value: nothing; the key is of value keys."""
    return lambda entity, value: Written(OPERATOR, "", value_key(key, entity, value))


@dataclass(frozen=True, eq=False)
class Eraser:
    """What is to go, as a worker holds it: `tables.ERASURE`."""

    table: pa.Table = field(repr=False)

    def listed(self, doc_ids: pa.StringArray) -> Flags:
        """Which documents (n,) are listed, as a whole or by a place."""
        known = self.table["doc_id"].combine_chunks()
        found = pc.is_in(doc_ids, value_set=known)
        return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)

    def edits(self, view: View, write: Write) -> Edits:
        """The listed places of some documents, as spans that go before all others.

        What was cut out of a text needs no erasure and is no span.
        """
        rows, starts, ends = self._places(view.doc_ids)
        first = view.cut.from_source(rows, starts)
        last = view.cut.from_source(rows, ends)
        kept = last > first
        columns = joined(rows[kept], first[kept], last[kept])
        places = zip(*(column.tolist() for column in columns), strict=True)
        erased = spans_of(list(places), ERASED, DETECTOR)
        rule = pa.array([RULE] * erased.num_rows, pa.string())
        index = FOUND.get_field_index("rule")
        erased = erased.set_column(index, FOUND.field("rule"), rule)
        return Edits(view.in_source(erased), write, Precedence.ERASE)

    def _places(self, doc_ids: pa.StringArray) -> tuple[Integers, Integers, Integers]:
        """Row, start and end of the listed places, sorted, in the source texts."""
        table = self.table.filter(pc.is_valid(self.table["start"]))
        row = pc.index_in(table["doc_id"], value_set=doc_ids)
        chosen = table.filter(pc.is_valid(row))
        columns = [row.drop_null(), chosen["start"], chosen["end"]]
        rows, starts, ends = (column.to_numpy().astype(np.int64) for column in columns)
        order = np.lexsort((ends, starts, rows))
        return rows[order], starts[order], ends[order]

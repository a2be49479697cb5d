"""The list of a request: documents and places, merged with what was asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.stages.erase.forget.search import (
    COLUMN,
    FINDING,
    RAW,
    RESULT,
    TEXT,
)
from isinglass.pipelines.stages.erase.listed import Erasure
from isinglass.schemas.manifest import ErasureRequest
from isinglass.schemas.tables import ERASURE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.pipelines.stages.erase.forget.search import Found

RESULT_LIMIT = 3
"""Rounds in which documents are added that hold a value once they are cleaned."""

_PLACE = ["doc_id", "start", "end"]
_ORDER = [(name, "ascending") for name in (*_PLACE, "found_by")]


def make_list(
    found: Found, remove: Literal["documents", "spans"], earlier: Erasure | None
) -> Erasure:
    """The list of a run: what was found now, and what had to go `earlier`.

    A document with a value outside of its text always goes as a whole.
    """
    places = found.places
    outside = pc.is_in(places["found_by"], value_set=pa.array([COLUMN, RAW]))
    whole = pc.or_(outside, pa.scalar(remove == "documents"))
    table = places.append_column(ERASURE.field("document"), whole)
    request = ErasureRequest(
        values=found.values,
        remove=remove,
        documents=found.documents,
        spans=found.spans,
        found_by_key=found.by(FINDING),
        found_by_text=found.by(TEXT),
        found_elsewhere=found.elsewhere,
    )
    if earlier is None:
        return Erasure(_merged(table), (request,), "")
    table = pa.concat_tables([table.cast(ERASURE), earlier.table.cast(ERASURE)])
    return Erasure(_merged(table), (*earlier.requests, request), "")


def add_results(erasure: Erasure, doc_ids: Iterable[str]) -> Erasure:
    """The list with documents more that hold a value once they are cleaned."""
    added = pa.Table.from_pylist(
        [
            {"doc_id": doc_id, "found_by": RESULT, "document": True}
            for doc_id in doc_ids
        ],
        schema=ERASURE,
    )
    table = pa.concat_tables([erasure.table.cast(ERASURE), added])
    return Erasure(_merged(table), erasure.requests, "")


def same_request(one: Erasure, other: Erasure) -> bool:
    """Whether two lists are of the same requests; added results do not count."""
    tables = [
        erasure.table.filter(pc.not_equal(erasure.table["found_by"], RESULT))
        for erasure in (one, other)
    ]
    first, second = (table.sort_by(_ORDER).combine_chunks() for table in tables)
    return one.requests == other.requests and first.equals(second)


def _merged(table: pa.Table) -> pa.Table:
    """Each place once: found by the first way by name, whole if it is so once."""
    sums = [("found_by", "min"), ("document", "max")]
    merged = table.group_by(_PLACE).aggregate(sums)
    names = [*_PLACE, "found_by_min", "document_max"]
    return pa.table(merged.select(names).columns, schema=ERASURE).sort_by(_ORDER)

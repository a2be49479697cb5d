"""The list of what is to be erased: made of what was found, stored and read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pydantic

from isinglass.pipelines.engine.workspace import file_sha256, read_table, table_bytes
from isinglass.pipelines.stages.erase.forget.search import (
    COLUMN,
    FINDING,
    RAW,
    RESULT,
    TEXT,
    Found,
)
from isinglass.schemas.config.base import expanded
from isinglass.schemas.errors import InputError
from isinglass.schemas.manifest import ErasureRequest
from isinglass.schemas.tables import ERASURE

AUDIT_NAME = "erasure"
"""The list as it is sealed with the run: `audit/erasure.parquet`."""

_REQUESTS = b"isinglass.requests"
_PLACE = ["doc_id", "start", "end"]
_ORDER = [(name, "ascending") for name in (*_PLACE, "found_by")]


@dataclass(frozen=True, eq=False)
class Erasure:
    """The list of a run.

    Attributes:
        table: `tables.ERASURE`, sorted.
        requests: What was asked for, request by request; empty for a list that
            `forget` did not write.
    """

    table: pa.Table = field(repr=False)
    requests: tuple[ErasureRequest, ...]
    sha256: str

    def with_metadata(self) -> pa.Table:
        """The table with the requests in its metadata, as it is stored."""
        told = json.dumps([r.model_dump() for r in self.requests], sort_keys=True)
        metadata = {**(ERASURE.metadata or {}), _REQUESTS: told.encode()}
        return self.table.cast(ERASURE).replace_schema_metadata(metadata)


def read_erasure(name: str, base: Path = Path()) -> Erasure:
    """Read the list of a name that the configuration gives, relative to `base`.

    Raises:
        InputError: There is no such list, or it does not have the declared columns.
    """
    path = base / expanded(name, "erase.list")
    try:
        table = read_table(path)
        sha256 = file_sha256(path)
    except FileNotFoundError:
        raise InputError(
            f"erase.list: there is no {name}. Name the list of the request; "
            "the run that it was made for holds it as audit/erasure.parquet."
        ) from None
    except (OSError, pa.ArrowException):
        raise InputError(f"erase.list: {name} cannot be read as Parquet.") from None
    return Erasure(_checked(table, name), _requests(table, name), sha256)


def stored_list(erasure: Erasure) -> bytes:
    """A list as the bytes of a Parquet file; equal for equal lists."""
    return table_bytes(erasure.with_metadata())


def _checked(table: pa.Table, name: str) -> pa.Table:
    try:
        table = table.select(ERASURE.names).cast(ERASURE)
    except (KeyError, ValueError, pa.ArrowException):
        columns = ", ".join(ERASURE.names)
        msg = f"erase.list: {name} does not have the columns {columns} of its schema."
        raise InputError(msg) from None
    order = [(column, "ascending") for column in ERASURE.names]
    missing = pc.xor(pc.is_null(table["start"]), pc.is_null(table["end"]))
    whole = pc.or_(pc.is_valid(table["start"]), table["document"])
    if not pc.all(pc.and_not(whole, missing), min_count=0).as_py():
        raise InputError(
            f"erase.list: {name} has a row without a place that does not take the "
            "whole document. Set `document` there, or give `start` and `end`."
        )
    return table.sort_by(order)


def _requests(table: pa.Table, name: str) -> tuple[ErasureRequest, ...]:
    told = (table.schema.metadata or {}).get(_REQUESTS)
    if told is None:
        return ()
    try:
        return tuple(ErasureRequest.model_validate(r) for r in json.loads(told))
    except (ValueError, pydantic.ValidationError):
        msg = f"erase.list: {name} tells of requests in a form this version cannot read"
        raise InputError(msg) from None


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

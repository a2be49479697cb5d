"""The list of what is to be erased, as it is stored and read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pydantic

from isinglass.pipelines.engine.workspace import (
    file_sha256,
    read_table,
    table_bytes,
)
from isinglass.schemas.errors import InputError
from isinglass.schemas.manifest import ErasureRequest
from isinglass.schemas.tables import ERASURE

if TYPE_CHECKING:
    from isinglass.schemas.config import EraseConfig

AUDIT_NAME = "erasure"
"""The list as it is sealed with the run: `audit/erasure.parquet`."""

_REQUESTS = b"isinglass.requests"


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


def read_erasure(config: EraseConfig, base: Path = Path()) -> Erasure:
    """Read the list that the configuration names, relative to `base`.

    Raises:
        InputError: There is no such list, or it does not have the declared columns.
    """
    path = base / Path(config.list).expanduser()
    try:
        table = read_table(path)
        sha256 = file_sha256(path)
    except FileNotFoundError:
        msg = (
            f"erase.list: there is no {config.list}. Name the list of the request; "
            "the run that it was made for holds it as audit/erasure.parquet."
        )
        raise InputError(msg) from None
    except (OSError, pa.ArrowException):
        msg = f"erase.list: {config.list} cannot be read as Parquet."
        raise InputError(msg) from None
    return Erasure(_checked(table, config.list), _requests(table, config.list), sha256)


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
        msg = (
            f"erase.list: {name} has a row without a place that does not take the "
            "whole document. Set `document` there, or give `start` and `end`."
        )
        raise InputError(msg)
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

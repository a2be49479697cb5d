"""Erasure on request within a run: the list is read once, applied, and told of."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pydantic

from isinglass.pipelines.engine.commits import outputs_digest_input
from isinglass.pipelines.engine.passes import run_step
from isinglass.pipelines.engine.side_tables import (
    read_side,
    read_survey,
    write_side,
)
from isinglass.pipelines.engine.workspace import (
    file_sha256,
    read_array,
    read_table,
    table_bytes,
)
from isinglass.schemas.errors import InputError
from isinglass.schemas.manifest import ErasureRequest, ErasureSummary
from isinglass.schemas.reasons import DropReason
from isinglass.schemas.tables import ERASURE
from isinglass.transforms.erase.spans import ERASED, Eraser
from isinglass.transforms.read.identity import format_doc_ids

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stage import Driver
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import EraseConfig

ERASE = "erase"
DOCUMENTS_FILE = f"{ERASE}/documents.npy"
"""Indices of the documents that go as a whole, relative to `work/`."""

AUDIT_NAME = "erasure"
"""The list as it is sealed with the run: `audit/erasure.parquet`."""

_REQUESTS = b"isinglass.requests"
_LIST_FILE = "list.arrow"
_WORDS = ["doc_high", "doc_low"]


@dataclass(frozen=True, eq=False)
class Erasure:
    """The list of a run.

    Attributes:
        table: `tables.ERASURE`, sorted.
        requests: What was asked for, request by request; empty for a list that
            `forget` did not write.
        sha256: Of the file, hex.
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
    """Read the list that the configuration names.

    Args:
        config: The `erase` section.
        base: Folder that relative paths start from.

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


def store_erasure(driver: Driver, erasure: Erasure) -> Commit:
    """Prepare what later passes take from the list, unless that is done already.

    Writes indices of the documents of this run that go as a whole, and the list.
    """
    workspace, places = driver.workspace, driver.places

    def make(outputs: UnitOutputs) -> dict[str, int]:
        table = erasure.table
        goes = pc.unique(table.filter(table["document"])["doc_id"])
        found = np.zeros(0, np.int64)
        if places:
            survey = read_survey(workspace, places, _WORDS)
            words = np.stack([survey[name].to_numpy() for name in _WORDS], axis=1)
            listed = pc.is_in(format_doc_ids(words), value_set=goes)
            found = np.flatnonzero(listed.to_numpy(zero_copy_only=False))
        outputs.write_array(workspace.work / DOCUMENTS_FILE, found.astype(np.int64))
        path = workspace.side(ERASE, _LIST_FILE)
        write_side(outputs, path, ERASURE, table.to_batches())
        return {"records_in": driver.documents, "documents": len(found)}

    inputs = outputs_digest_input(list(driver.surveys.values()))
    identity = [erasure.sha256, inputs, driver.code]
    return run_step(driver.session, ERASE, identity, make)


def erased_documents(workspace: Workspace) -> np.ndarray:
    """Indices (int64) of the documents that go as a whole."""
    return np.asarray(read_array(workspace.work / DOCUMENTS_FILE))


def open_eraser(workspace: Workspace) -> Eraser:
    """Map the list into memory."""
    return Eraser(read_side(workspace.side(ERASE, _LIST_FILE)))


def erasure_summary(erasure: Erasure, counts: dict[str, int]) -> ErasureSummary:
    """Summary for the manifest.

    Args:
        erasure: The list.
        counts: Sums of the clean pass.
    """
    return ErasureSummary(
        documents=counts.get(f"dropped.{DropReason.ERASED.value}", 0),
        spans=counts.get(f"finding.{ERASED}.found", 0),
        listed=erasure.table.num_rows,
        requests=list(erasure.requests),
    )

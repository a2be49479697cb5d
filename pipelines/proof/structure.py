"""Which tables a run must have, and what columns they must have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from isinglass.pipelines.engine.workspace import table_rows, table_schema
from isinglass.pipelines.proof.check import conclude
from isinglass.schemas import tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.pipelines.stage import Written

_SHARD = "{shard}"
_DATA = "data/{shard}.parquet"
_OF_EVERY_RUN: Mapping[str, pa.Schema] = {
    "ledger/{shard}.parquet": tables.LEDGER,
    "quarantine/{shard}.parquet": tables.QUARANTINE,
    "audit/statistics.parquet": tables.STATISTICS,
}


def check_tables(run: FinishedRun, written: Sequence[Written]) -> Check:
    """Every shard has a file of each table the configuration asks for; no more."""
    wanted = _wanted(run, written)
    expected = _by_path(run, wanted).keys()
    found = {output.path for output in run.manifest.outputs}
    faults = [f"{name} was not written" for name in sorted(expected - found)]
    more = {name for name in found - expected if not _is_foreign(run, name)}
    faults += [f"{name} was not asked for" for name in sorted(more)]
    faults += [fault for part in written for fault in part.faults]
    count = sum(_SHARD in path and path.endswith(".parquet") for path in wanted)
    return conclude("tables", faults, f"{len(run.shards())} shards, {count} tables")


def _is_foreign(run: FinishedRun, path: str) -> bool:
    """Whether a file is a table under `audit/` that a stage from outside added."""
    stage, _, rest = path.removeprefix("audit/").partition(".")
    return path.startswith("audit/") and stage in run.manifest.stages and bool(rest)


def _wanted(
    run: FinishedRun, written: Sequence[Written]
) -> dict[str, pa.Schema | None]:
    """Schema of each file that the run must have; see `Written.files`."""
    data = {} if run.manifest.verb == "audit" else {_DATA: tables.DATA}
    wanted: dict[str, pa.Schema | None] = {**_OF_EVERY_RUN, **data}
    for part in written:
        wanted |= part.files
    return wanted


def _by_path(
    run: FinishedRun, wanted: Mapping[str, pa.Schema | None]
) -> dict[str, pa.Schema | None]:
    return {
        path.replace(_SHARD, shard): schema
        for path, schema in wanted.items()
        for shard in (run.shards() if _SHARD in path else [""])
    }


def check_schemas(run: FinishedRun, written: Sequence[Written]) -> Check:
    """Every table has the declared columns, types, version and rows.

    `data/` alone may have more columns: those carried from the input. What was not
    asked for has no declared schema; that it is there is told by `check_tables`.
    """
    schemas = _by_path(run, _wanted(run, written))
    faults = []
    for output in run.manifest.outputs:
        schema, path = schemas.get(output.path), run.folder / output.path
        if schema is None and output.path in schemas:
            continue
        try:
            found, rows = table_schema(path), table_rows(path)
        except (pa.ArrowException, OSError):
            faults.append(f"{output.path} is not a Parquet file")
            continue
        if schema is not None and not _fits(output.path, found, schema):
            faults.append(f"{output.path} does not have the declared schema")
        if rows != output.rows:
            faults.append(f"{output.path} does not have the recorded rows")
    return conclude("schemas", faults, f"{len(run.manifest.outputs)} tables")


def _fits(path: str, found: pa.Schema, expected: pa.Schema) -> bool:
    version = (found.metadata or {}).get(b"isinglass.schema_version")
    more = path.startswith("data/")
    own = list(found)[: len(expected)] if more else list(found)
    return own == list(expected) and version == tables.SCHEMA_VERSION.encode()

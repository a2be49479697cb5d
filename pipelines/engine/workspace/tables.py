"""The tables of a run: Parquet for people and later runs, Arrow between passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.pipelines.engine.workspace.files import (
    file_sha256,
    size_of,
    write_atomically,
)
from isinglass.schemas.commit import OutputFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from isinglass.pipelines.engine.workspace.layout import Workspace

BATCH_ROWS = 65_536


def read_table(
    path: Path, columns: Sequence[str] | None = None, filters: Any = None
) -> pa.Table:
    """A Parquet file, or some of its columns and rows, as `pq.read_table` has it."""
    names = None if columns is None else list(columns)
    # Parts of the path that look like `key=value` are no columns.
    return pq.read_table(path, columns=names, filters=filters, partitioning=None)


def table_batches(
    path: Path, columns: Sequence[str] | None = None, rows: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """A Parquet file piece by piece, in one thread and little memory."""
    names = None if columns is None else list(columns)
    file = pq.ParquetFile(path, pre_buffer=False)
    yield from file.iter_batches(rows, columns=names, use_threads=False)


def table_rows(path: Path) -> int:
    """Rows of a Parquet file, as its footer has them."""
    rows: int = pq.read_metadata(path).num_rows
    return rows


def table_schema(path: Path) -> pa.Schema:
    """Schema of a Parquet file."""
    return pq.read_schema(path)


def table_bytes(table: pa.Table) -> bytes:
    """A table as a Parquet file; equal for equal tables."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def write_audit(workspace: Workspace, name: str, table: pa.Table) -> OutputFile:
    """Write `audit/<name>.parquet`, a table of the run as a whole, or nothing."""
    path = workspace.table("audit", name)
    write_atomically(path, table_bytes(table))
    return OutputFile(
        path=workspace.relative(path),
        rows=table.num_rows,
        bytes=size_of(path),
        sha256=file_sha256(path),
    )


def map_arrow(path: Path) -> pa.Table:
    """Map an Arrow file into memory."""
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
        return pa.Table.from_batches(batches, schema=reader.schema)


def write_arrow(
    path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
) -> int:
    """Write record batches as one Arrow file; returns the number of rows."""
    rows = 0
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as sink:
        for batch in batches:
            if batch.num_rows:
                sink.write_batch(batch)
                rows += batch.num_rows
    return rows

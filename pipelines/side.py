"""Side tables: Arrow IPC files of a pass that later passes map into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from isinglass.pipelines.workspace import Workspace, make_folder, temporary_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from isinglass.pipelines.commits import UnitOutputs

SURVEY = "survey"
RESOLVE = "resolve"


def write_side(
    outputs: UnitOutputs,
    path: Path,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
) -> int:
    """Write record batches as one Arrow file; returns the number of rows."""
    make_folder(path.parent)
    temporary = temporary_name(path)
    rows = 0
    with pa.OSFile(str(temporary), "wb") as file, pa.ipc.new_file(file, schema) as sink:
        for batch in batches:
            if batch.num_rows:
                sink.write_batch(batch)
                rows += batch.num_rows
    outputs.adopt(temporary, path, rows)
    return rows


def read_side(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Map an Arrow file into memory and return some of its columns as a table."""
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
        table = pa.Table.from_batches(batches, schema=reader.schema)
    return table if columns is None else table.select(list(columns))


def survey_path(workspace: Workspace, shard_id: str) -> Path:
    """Side table of one shard's survey."""
    return workspace.side(SURVEY, f"{shard_id}.arrow")


def read_survey(
    workspace: Workspace, shard_ids: Sequence[str], columns: Sequence[str]
) -> pa.Table:
    """Some survey columns of many shards, one after another."""
    tables = [
        read_side(survey_path(workspace, shard_id), columns) for shard_id in shard_ids
    ]
    return pa.concat_tables(tables).combine_chunks()


def decisions_path(workspace: Workspace, shard_id: str) -> Path:
    """Decisions on the documents of one shard, in survey order."""
    return workspace.side(RESOLVE, f"{shard_id}.arrow")

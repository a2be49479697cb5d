"""What came out of a job, as hashes: of files, of columns, of all that was said."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from benchmarks.freezing.normal import Marks

RUN_FILES = ("manifest.json", "report.html", "SHA256SUMS", "_SUCCESS")
_BATCH_ROWS = 1000

Record = dict[str, Any]


def record_run(
    folder: Path,
    marks: Marks,
    run_ids: Mapping[str, str],
    random: Collection[str] = (),
) -> Record:
    """Hashes of everything in a run folder but `work/`.

    Args:
        folder: Of the run.
        marks: Makes texts equal that differ in times or run ids alone.
        run_ids: Mark of each run_id that may stand in a column.
        random: Columns that are another each time.

    Returns:
        `files`: what `record_file` says by path; `manifest`: hash by key;
        `report`: hash; `names`: all files there are.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    names = {name: p for name, p in names.items() if not name.startswith("work/")}
    found: Record = {"names": sorted(names)}
    found["files"] = {
        name: record_file(path, run_ids, random)
        for name, path in names.items()
        if name not in RUN_FILES
    }
    if "manifest.json" in names:
        manifest = json.loads(names["manifest.json"].read_bytes())
        kept = json.loads(marks.manifest(manifest))
        found["manifest"] = {key: digest(json.dumps(kept[key])) for key in kept}
    if "report.html" in names:
        html = names["report.html"].read_text("utf-8")
        found["report"] = digest(marks.report(html))
    return found


def record_file(
    path: Path, run_ids: Mapping[str, str], random: Collection[str] = ()
) -> Record:
    """SHA-256 of a file; of a Parquet file also its rows, schema and columns.

    A table that holds a run_id has no hash as a file, since another code is another
    run: its columns are hashed with the mark of the run instead. Random columns are
    left out, and so is the hash of a file with one.
    """
    with path.open("rb") as file:
        whole = hashlib.file_digest(file, "sha256").hexdigest()
    if path.suffix != ".parquet":
        return {"sha256": whole}
    table = pq.read_table(path)
    names = columns_with(table, run_ids)
    columns = {
        name: column_digest(table[name], run_ids if name in names else {})
        for name in table.column_names
        if name not in random
    }
    repeats = not names and len(columns) == table.num_columns
    schema = digest(table.schema.to_string(show_schema_metadata=True))
    return {
        "sha256": whole if repeats else None,
        "rows": len(table),
        "schema": schema,
        "columns": columns,
    }


def columns_with(table: pa.Table, strings: Iterable[str]) -> list[str]:
    """Columns of strings of which a value is one of these."""
    wanted = set(strings)
    return [
        field.name
        for field in table.schema
        if pa.types.is_string(field.type)
        and wanted.intersection(table[field.name].unique().to_pylist())
    ]


def column_digest(column: pa.ChunkedArray, marks: Mapping[str, str]) -> str:
    """SHA-256 over the values, whatever their chunks; strings are marked if asked."""
    found = hashlib.sha256(str(column.type).encode())
    for start in range(0, len(column), _BATCH_ROWS):
        values = column.slice(start, _BATCH_ROWS).to_pylist()
        if marks:
            values = [marks.get(value, value) for value in values]
        # One value after the other: a batch's brackets would tell its size.
        for value in values:
            found.update(repr(value).encode("utf-8", "surrogatepass") + b"\n")
    return found.hexdigest()


def digest(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

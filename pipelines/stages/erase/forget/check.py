"""Whether a finished run has forgotten: the same search over what it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import (
    is_file,
    list_files,
    list_folder,
    read_bytes,
    read_table,
    table_batches,
    table_schema,
)
from isinglass.pipelines.stages.erase.forget.search import rows_with_value

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.transforms.erase.search import ValueSearch

_WITH_TEXT = ("data", "quarantine")
_FOR_PEOPLE = (".html", ".json", ".jsonl", ".md")
_OTHERS = ("ledger", "findings", "paragraphs", "audit")
# Names of entities and operators, which are none of the document's own words.
_NOT_SEARCHED = ("doc_id", "pii", "shard")


@dataclass(frozen=True)
class Remains:
    """What is left of the values in a run.

    Attributes:
        doc_ids: Documents in `data/` or `quarantine/` that hold one, sorted.
        files: Other files with one: names of files and sources are kept as they are.
    """

    doc_ids: tuple[str, ...]
    files: tuple[str, ...]


def find_remains(folder: Path, search: ValueSearch) -> Remains:
    """Search all that a run wrote for people to read."""
    held: set[str] = set()
    for table in _WITH_TEXT:
        for path in list_files(folder / table, "*.parquet"):
            held.update(_doc_ids(path, search))
    files = [
        path.relative_to(folder).as_posix()
        for table in _OTHERS
        for path in list_files(folder / table, "*.parquet")
        if _has_value(path, search)
    ]
    files += [path.name for path in list_folder(folder) if _tells(path, search)]
    return Remains(tuple(sorted(held)), tuple(files))


def _doc_ids(path: Path, search: ValueSearch) -> list[str]:
    found: list[str] = []
    for batch in table_batches(path, rows=1024):
        rows = rows_with_value(batch, search, _NOT_SEARCHED)
        found += batch.column("doc_id").take(pa.array(rows)).to_pylist()
    return found


def _tells(path: Path, search: ValueSearch) -> bool:
    """Whether a file for people holds a value."""
    if not is_file(path) or path.suffix not in _FOR_PEOPLE:
        return False
    text = read_bytes(path).decode("utf-8", "replace")
    return len(search.rows(pa.array([text], pa.string()))) > 0


def _has_value(path: Path, search: ValueSearch) -> bool:
    """Whether a string column of a table holds a value."""
    names = [
        field.name
        for field in table_schema(path)
        if pa.types.is_string(field.type) and field.name not in _NOT_SEARCHED
    ]
    columns = read_table(path, names).columns
    return any(len(search.rows(pc.unique(column))) for column in columns)

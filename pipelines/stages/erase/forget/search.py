"""Where the values of a request are: findings by their key, and all source texts.

All documents of the inputs are searched, not only those that were kept: a duplicate of
an erased document must not take its place. The run that has forgotten is searched
likewise: what is left there?
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import (
    exists,
    is_file,
    list_files,
    list_folder,
    read_bytes,
    read_table,
    table_batches,
    table_schema,
)
from isinglass.schemas.arrays import Integers
from isinglass.schemas.documents import DocumentBatch, Shard
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.tables import ERASURE
from isinglass.transforms.pii.operators.replacement import value_key
from isinglass.transforms.read import read_shard

if TYPE_CHECKING:
    from isinglass.pipelines.stages.erase.forget.source import SourceRun
    from isinglass.pipelines.stages.erase.forget.values import Requested
    from isinglass.transforms.erase.search import ValueSearch

FINDING, TEXT, COLUMN, RAW, RESULT = "finding", "text", "column", "raw", "result"
"""How a value was found; see `tables.ERASURE`."""

PLACES = pa.schema([ERASURE.field(name) for name in ERASURE.names[:4]])
_FINDINGS = ["doc_id", "start", "end", "entity", "value_key"]
_NOT_SEARCHED = ("doc_id", "row", "text")
_WITH_TEXT = ("data", "quarantine")
_FOR_PEOPLE = (".html", ".json", ".jsonl", ".md")
_OTHERS = ("ledger", "findings", "paragraphs", "audit")
# Names of entities and operators, which are none of the document's own words.
_NAMES = ("doc_id", "pii", "shard")


@dataclass(frozen=True, eq=False)
class Found:
    """Where the values are.

    Attributes:
        places: `PLACES`; a place that was found in two ways is in it twice.
        values: Distinct values that were looked for.
    """

    places: pa.Table = field(repr=False)
    values: int

    @property
    def documents(self) -> int:
        """Documents with a value anywhere."""
        return int(pc.count_distinct(self.places["doc_id"]).as_py())

    @property
    def spans(self) -> int:
        """Distinct places in texts."""
        inside = self.places.filter(pc.is_valid(self.places["start"]))
        names = ["doc_id", "start", "end"]
        return int(inside.group_by(names).aggregate([]).num_rows)

    def by(self, *ways: str) -> int:
        """Places that were found in one of some ways."""
        chosen = pc.is_in(self.places["found_by"], value_set=pa.array(ways))
        return int(pc.sum(chosen).as_py() or 0)

    @property
    def elsewhere(self) -> int:
        """Documents with a value outside of their text."""
        return self.by(COLUMN, RAW)


def search_run(
    source: SourceRun, requested: Sequence[Requested], search: ValueSearch, threads: int
) -> Found:
    """Search findings and source texts of a run.

    Raises:
        ConfigError: The key is not the one that the findings were made with.
        InputError: An input changed while it was read.
    """
    work = partial(_in_shard, source, search, _keys(source, requested))
    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        parts = list(pool.map(work, source.plan.shards))
    places = pa.concat_tables([PLACES.empty_table(), *parts])
    return Found(places, len({r.value for r in requested}))


def _keys(source: SourceRun, requested: Sequence[Requested]) -> pa.Array:
    """Value keys that the findings of the values have."""
    if source.key is None:
        return pa.array([], pa.string())
    keys = {
        value_key(source.key, entity, item.value)
        for item in requested
        for entity in ([item.entity] if item.entity else source.manifest.findings)
    }
    return pa.array(sorted(keys), pa.string())


def _in_shard(
    source: SourceRun, search: ValueSearch, keys: pa.Array, shard: Shard
) -> pa.Table:
    """All places of one shard."""
    path = source.workspace.table("findings", shard.shard_id)
    parts, proof = [PLACES.empty_table()], None
    if exists(path):
        findings = read_table(path, _FINDINGS)
        chosen = findings.filter(pc.is_in(findings["value_key"], value_set=keys))
        parts.append(_places(chosen["doc_id"], chosen["start"], chosen["end"], FINDING))
        proof = _finding_of_key(source, findings)
    for batch in read_shard(shard, source.plan.layout):
        if proof is not None:
            _check_key(source, proof, batch.documents)
        parts += _in_batch(search, batch, shard.source)
    return pa.concat_tables(parts)


def _in_batch(search: ValueSearch, batch: DocumentBatch, source: str) -> list[pa.Table]:
    documents, rejected = batch.documents, batch.rejected
    doc_ids = documents.column("doc_id")
    rows, starts, ends = map(pa.array, search.find(documents.column("text")).T)
    # The name that the configuration gives a source says nothing of a document.
    own = pc.equal(pc.fill_null(documents.column("source"), ""), source)
    named_so = pc.if_else(own, None, documents.column("source"))
    others = documents.drop_columns(list(_NOT_SEARCHED))
    index = others.schema.get_field_index("source")
    held = rows_with_value(others.set_column(index, "source", named_so), search)
    raw = rows_with_value(rejected.select(["raw"]), search)
    return [
        _places(doc_ids.take(rows), starts, ends, TEXT),
        _whole(doc_ids, held, COLUMN),
        _whole(rejected.column("doc_id"), raw, RAW),
    ]


def _places(
    doc_ids: pa.Array, starts: pa.Array, ends: pa.Array, found_by: str
) -> pa.Table:
    way = pa.repeat(pa.scalar(found_by, pa.string()), len(doc_ids))
    return pa.table([doc_ids, starts, ends, way], names=PLACES.names).cast(PLACES)


def _whole(doc_ids: pa.Array, rows: Integers, found_by: str) -> pa.Table:
    nowhere = pa.nulls(len(rows), pa.int32())
    return _places(doc_ids.take(pa.array(rows)), nowhere, nowhere, found_by)


def _finding_of_key(source: SourceRun, findings: pa.Table) -> dict[str, Any] | None:
    """One finding of a shard, by which a wrong key shows."""
    # A stage from outside makes keys of its own, or none.
    stages = pa.array(source.manifest.stages, pa.string())
    prefix = pc.replace_substring_regex(findings["entity"], r"\..*", "")
    ours = findings.filter(pc.invert(pc.is_in(prefix, value_set=stages)))
    return next(iter(ours.slice(0, 1).to_pylist()), None)


def _check_key(
    source: SourceRun, finding: dict[str, Any], documents: pa.RecordBatch
) -> None:
    """Compare the key of a finding with one made now, where its text is at hand."""
    row = pc.index(documents.column("doc_id"), finding["doc_id"]).as_py()
    if source.key is None or row < 0:
        return
    text = documents.column("text")[row].as_py()
    value = text[finding["start"] : finding["end"]]
    if value_key(source.key, finding["entity"], value) != finding["value_key"]:
        raise ConfigError(
            "The key is not the one that the run was made with, or another version "
            "made it. Give the right key, or --texts-only to search the source "
            "texts alone."
        )


def rows_with_value(
    batch: pa.RecordBatch, search: ValueSearch, without: Sequence[str] = ()
) -> Integers:
    """Rows of a batch that hold a value in a column, but for those it goes without."""
    names = [name for name in batch.schema.names if name not in without]
    found = [_rows(batch.column(name), search) for name in names]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *found]))


def _rows(column: Any, search: ValueSearch) -> Integers:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_struct(kind):
        parts = [_rows(part, search) for part in column.flatten()]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        parents = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
        inside = _rows(pc.list_flatten(column), search)
        return np.unique(np.asarray(parents, np.int64)[inside])
    if pa.types.is_large_string(kind) or pa.types.is_integer(kind):
        column = column.cast(pa.string())
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        column = _decoded(column)
    elif not pa.types.is_string(kind):
        return np.zeros(0, np.int64)
    return search.rows(column)


def _decoded(column: Any) -> pa.StringArray:
    """Bytes as texts; what is no UTF-8 is replaced."""
    values = column.to_pylist()
    texts = [None if v is None else v.decode("utf-8", "replace") for v in values]
    return pa.array(texts, pa.string())


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
        rows = rows_with_value(batch, search, _NAMES)
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
        if pa.types.is_string(field.type) and field.name not in _NAMES
    ]
    columns = read_table(path, names).columns
    return any(len(search.rows(pc.unique(column))) for column in columns)

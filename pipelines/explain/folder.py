"""A run folder read row by row, also one that an older version wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import (
    id_words,
    read_mapped,
    survey_path,
)
from isinglass.pipelines.engine.workspace import (
    Workspace,
    exists,
    list_files,
    read_table,
    table_schema,
)
from isinglass.pipelines.read_again import (
    Missing,
    Place,
    documents_called,
    find_place,
    manifest_bytes,
    source_texts,
)
from isinglass.schemas.errors import InputError
from isinglass.schemas.tables import LEDGER
from isinglass.transforms.read.identity import format_doc_ids

LEAST_DIGITS = 8
MOST_LISTED = 20
_LONGEST_ROW = 18

_DOC_ID = re.compile(r"[0-9a-f]{8,32}")
_LATER = frozenset({"kept_in", "compared_by", "evaluation_item"})
"""Columns that the first version of the ledger did not have."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run that was closed, whether its gates passed or not."""

    folder: Path
    manifest: dict[str, Any]
    _texts: dict[str, str | Missing] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, folder: Path) -> RunFolder:
        """Read the manifest; an `InputError` if there is none that can be read."""
        path = folder / "manifest.json"
        try:
            manifest = json.loads(manifest_bytes(folder))
        except ValueError:
            manifest = None
        kinds = {"run_id": str, "inputs": list, "config": dict}
        if not isinstance(manifest, dict) or not all(
            isinstance(manifest.get(key), kind) for key, kind in kinds.items()
        ):
            raise InputError(f"{path} is not a manifest that this version reads.")
        return cls(folder, manifest)

    @property
    def facts(self) -> dict[str, str]:
        """What the manifest says about the run as a whole."""
        names = ("run_id", "name", "verb", "verdict", "created")
        return {name: str(self.manifest.get(name, "")) for name in names}

    def each_ledger(self, columns: list[str]) -> Iterator[tuple[Path, pa.Table]]:
        """Some columns of the ledger, file by file."""
        for path in list_files(self.folder / "ledger", "[!.]*.parquet"):
            yield path, read_columns(path, columns, later=_LATER)

    def find(self, given: str) -> dict[str, Any]:
        """The ledger row of one record, which must be the only one.

        Args:
            given: Its doc_id or the first digits of it, its `path:row`, or the id that
                the data have for it.
        """
        given = given.strip()
        found = self._matches(given)
        if not found:
            raise InputError(
                f"No record of run {self.manifest['run_id']} has this doc_id (or its "
                f"first {LEAST_DIGITS} digits), this place (path:row) or this id of "
                f"the data. {self.folder / 'ledger'} lists all records."
            )
        if len(found) > 1:
            some = "".join(
                f"\n  {row['doc_id']}  {row['path']}:{row['row']}  {row['outcome']}"
                for row in found[:MOST_LISTED]
            )
            more = len(found) - MOST_LISTED
            rest = f"\n  and {more:,} more" if more > 0 else ""
            raise InputError(
                f"{len(found):,} records match; give the doc_id of one:{some}{rest}"
            )
        (row,) = found
        return self.rows(row["shard"], "ledger", row["doc_id"], LEDGER.names, _LATER)[
            0
        ] | {"shard": row["shard"]}

    def _matches(self, given: str) -> list[dict[str, Any]]:
        """Records of which something is as given: what is found first counts."""
        if _DOC_ID.fullmatch(given.lower()):
            found = self.ledger(pc.starts_with(pc.field("doc_id"), given.lower()))
            if found:
                return found
        path, _, row = given.rpartition(":")
        if path and row.isdecimal() and len(row) < _LONGEST_ROW:
            there = self.ledger(pc.field("row") == int(row))
            found = [one for one in there if one["path"] == path] or [
                one for one in there if path.endswith(f"/{one['path']}")
            ]
            if found:
                return found
        doc_ids = documents_called(self.folder, given)
        return self.ledger(pc.field("doc_id").isin(doc_ids)) if doc_ids else []

    def ledger(self, wanted: Any) -> list[dict[str, Any]]:
        """Some columns of some records, with the shard of each."""
        columns = ["doc_id", "path", "row", "outcome"]
        return [
            row | {"shard": path.stem}
            for path, table in self.each_ledger(columns)
            for row in table.filter(wanted).to_pylist()
        ]

    def source_text(self, row: Mapping[str, Any]) -> str | Missing:
        """The text of a record as it was read; read once, however often it is asked."""
        doc_id = row["doc_id"]
        if doc_id not in self._texts:
            self._texts[doc_id] = self.source_texts([row])[0]
        return self._texts[doc_id]

    def source_texts(self, rows: Sequence[Mapping[str, Any]]) -> list[str | Missing]:
        """The texts of records as they were read; each file is read once."""
        places = [self.place(row) for row in rows]
        known = [place for place in places if place is not None]
        read = iter(source_texts(self.folder, known) if known else ())
        return [
            Missing(f"the manifest names no file {row['path']}")
            if place is None
            else next(read)
            for row, place in zip(rows, places, strict=True)
        ]

    def place(self, row: Mapping[str, Any]) -> Place | None:
        """Where a record lies in the inputs, by its row of the ledger."""
        inputs = self.manifest["inputs"]
        return find_place(inputs, row["doc_id"], row["path"], row["row"])

    def clean_text(self, row: Mapping[str, Any]) -> str | None:
        """The text of a record as it is in `data/`; None if it is not there."""
        found = self.rows(row["shard"], "data", row["doc_id"], ["doc_id", "text"])
        return found[0]["text"] if found else None

    def measured(self, shard: str, doc_ids: pa.ChunkedArray, prefix: str) -> pa.Table:
        """Survey columns of some documents, those whose names begin so.

        Null of a document that is not there; no columns if `work/` is gone.
        """
        path = survey_path(Workspace(str(self.folder)), shard)
        survey = read_mapped(path) if exists(path) else pa.table({})
        names = [name for name in survey.column_names if name.startswith(prefix)]
        if not names:
            return pa.table({})
        place = pc.index_in(doc_ids, value_set=format_doc_ids(id_words(survey)))
        return survey.select(names).take(place.combine_chunks())

    def rows(
        self,
        shard: str,
        table: str,
        doc_id: str,
        columns: list[str],
        later: frozenset[str] = frozenset(),
    ) -> list[dict[str, Any]]:
        """The rows of a document in a table; none if the run has no such table.

        Columns of `later` are null where the run is older than they are.
        """
        path = self.folder / table / f"{shard}.parquet"
        if not exists(path):
            return []
        found = read_columns(path, columns, later, pc.field("doc_id") == doc_id)
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows


def whole_documents(dropped: pa.Table) -> dict[str, Any]:
    """Columns of cases that show whole documents, by their rows of the ledger.

    Args:
        dropped: With `doc_id`, `chars_in` and `reason`, which is the label.
    """
    return {
        "doc_id": dropped["doc_id"],
        "start": pa.nulls(dropped.num_rows, pa.int64()).fill_null(0),
        "end": dropped["chars_in"],
        "label": dropped["reason"],
    }


def read_columns(
    path: Path,
    columns: list[str],
    later: frozenset[str] = frozenset(),
    filters: Any = None,
) -> pa.Table:
    """Read a table of a run; columns of `later` are null where there are none."""
    try:
        present = table_schema(path).names
        absent = [name for name in columns if name not in present]
        for name in absent:
            if name not in later:
                raise InputError(
                    f"{path} has no column {name}: another version wrote it. Explain "
                    "the run with that version."
                )
        wanted = [name for name in columns if name in present]
        table = read_table(path, wanted, filters)
    except (OSError, pa.ArrowException):
        msg = f"{path} cannot be read. `isinglass verify` says what is damaged."
        raise InputError(msg) from None
    for name in absent:
        table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
    return table

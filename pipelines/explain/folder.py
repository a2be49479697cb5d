"""A run folder read row by row, also one that an older version wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import (
    exists,
    list_files,
    read_json,
    read_table,
    table_schema,
)
from isinglass.schemas.errors import InputError
from isinglass.schemas.tables import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_DIGITS = 8

_DOC_ID = re.compile(r"[0-9a-f]{8,32}")
_LATER = frozenset({"kept_in", "compared_by", "evaluation_item"})
"""Columns that the first version of the ledger did not have."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run that was closed, whether its gates passed or not."""

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> RunFolder:
        """Read the manifest.

        Raises:
            InputError: There is none that can be read.
        """
        path = folder / "manifest.json"
        try:
            manifest = read_json(path)
        except (FileNotFoundError, NotADirectoryError):
            msg = f"{folder} holds no manifest.json: it is not a finished run."
            raise InputError(msg) from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}.") from None
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

    def find(self, prefix: str) -> dict[str, Any]:
        """The ledger row of one document.

        Raises:
            InputError: There is not exactly one.
        """
        prefix = prefix.strip().lower()
        if not _DOC_ID.fullmatch(prefix):
            msg = (
                "A doc_id is 32 hexadecimal digits, as in the ledger; give it whole, "
                f"or at least its first {LEAST_DIGITS} digits."
            )
            raise InputError(msg)
        begins = pc.starts_with(pc.field("doc_id"), prefix)
        found = [
            (path, doc_id)
            for path, table in self.each_ledger(["doc_id"])
            for doc_id in table.filter(begins)["doc_id"].to_pylist()
        ]
        if not found:
            msg = (
                f"No record of run {self.manifest['run_id']} has the doc_id {prefix}. "
                f"Look it up in the doc_id column of {self.folder / 'ledger'}."
            )
            raise InputError(msg)
        if len(found) > 1:
            some = ", ".join(doc_id for _, doc_id in found[:3])
            raise InputError(
                f"{len(found)} records begin with {prefix} ({some}). Give more digits."
            )
        path, doc_id = found[0]
        row = self.rows(path.stem, "ledger", doc_id, LEDGER.names, _LATER)[0]
        return row | {"shard": path.stem}

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


def read_columns(
    path: Path,
    columns: list[str],
    later: frozenset[str] = frozenset(),
    filters: Any = None,
) -> pa.Table:
    """Read a table of a run; columns of `later` are null where there are none.

    Raises:
        InputError: The file is damaged, or from a version without these columns.
    """
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

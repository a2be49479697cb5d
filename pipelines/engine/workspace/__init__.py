"""The files of a run: where they lie, and the one way to them."""

from __future__ import annotations

from isinglass.pipelines.engine.workspace.arrays import (
    map_array,
    read_array,
    write_array,
)
from isinglass.pipelines.engine.workspace.files import (
    exists,
    file_sha256,
    free_bytes,
    is_file,
    is_folder,
    list_files,
    list_folder,
    read_bytes,
    read_json,
    size_of,
)
from isinglass.pipelines.engine.workspace.layout import FINAL_FILES, TABLES, Workspace
from isinglass.pipelines.engine.workspace.lock import locked, remove_leftovers
from isinglass.pipelines.engine.workspace.tables import (
    map_arrow,
    read_table,
    table_batches,
    table_bytes,
    table_rows,
    table_schema,
    write_arrow,
    write_audit,
)
from isinglass.pipelines.engine.workspace.writing import (
    explain_write_error,
    fsync_folder,
    make_folder,
    put_in_place,
    remove,
    remove_folder,
    sync,
    temporary_name,
    write_atomically,
    write_unsynced,
)

__all__ = [
    "FINAL_FILES",
    "TABLES",
    "Workspace",
    "exists",
    "explain_write_error",
    "file_sha256",
    "free_bytes",
    "fsync_folder",
    "is_file",
    "is_folder",
    "list_files",
    "list_folder",
    "locked",
    "make_folder",
    "map_array",
    "map_arrow",
    "put_in_place",
    "read_array",
    "read_bytes",
    "read_json",
    "read_table",
    "remove",
    "remove_folder",
    "remove_leftovers",
    "size_of",
    "sync",
    "table_batches",
    "table_bytes",
    "table_rows",
    "table_schema",
    "temporary_name",
    "write_array",
    "write_arrow",
    "write_atomically",
    "write_audit",
    "write_unsynced",
]

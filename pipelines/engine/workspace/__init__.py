"""The files of a run: where they lie, and the one way to them."""

from __future__ import annotations

from isinglass.pipelines.engine.workspace.files import exists as exists
from isinglass.pipelines.engine.workspace.files import (
    explain_write_error as explain_write_error,
)
from isinglass.pipelines.engine.workspace.files import file_sha256 as file_sha256
from isinglass.pipelines.engine.workspace.files import free_bytes as free_bytes
from isinglass.pipelines.engine.workspace.files import fsync_folder as fsync_folder
from isinglass.pipelines.engine.workspace.files import is_file as is_file
from isinglass.pipelines.engine.workspace.files import is_folder as is_folder
from isinglass.pipelines.engine.workspace.files import list_files as list_files
from isinglass.pipelines.engine.workspace.files import list_folder as list_folder
from isinglass.pipelines.engine.workspace.files import make_folder as make_folder
from isinglass.pipelines.engine.workspace.files import map_array as map_array
from isinglass.pipelines.engine.workspace.files import put_in_place as put_in_place
from isinglass.pipelines.engine.workspace.files import read_array as read_array
from isinglass.pipelines.engine.workspace.files import read_bytes as read_bytes
from isinglass.pipelines.engine.workspace.files import read_json as read_json
from isinglass.pipelines.engine.workspace.files import remove as remove
from isinglass.pipelines.engine.workspace.files import remove_folder as remove_folder
from isinglass.pipelines.engine.workspace.files import size_of as size_of
from isinglass.pipelines.engine.workspace.files import sync as sync
from isinglass.pipelines.engine.workspace.files import temporary_name as temporary_name
from isinglass.pipelines.engine.workspace.files import write_array as write_array
from isinglass.pipelines.engine.workspace.files import (
    write_atomically as write_atomically,
)
from isinglass.pipelines.engine.workspace.files import write_unsynced as write_unsynced
from isinglass.pipelines.engine.workspace.layout import FINAL_FILES as FINAL_FILES
from isinglass.pipelines.engine.workspace.layout import TABLES as TABLES
from isinglass.pipelines.engine.workspace.layout import Workspace as Workspace
from isinglass.pipelines.engine.workspace.layout import locked as locked
from isinglass.pipelines.engine.workspace.layout import (
    remove_leftovers as remove_leftovers,
)
from isinglass.pipelines.engine.workspace.tables import map_arrow as map_arrow
from isinglass.pipelines.engine.workspace.tables import read_table as read_table
from isinglass.pipelines.engine.workspace.tables import table_batches as table_batches
from isinglass.pipelines.engine.workspace.tables import table_bytes as table_bytes
from isinglass.pipelines.engine.workspace.tables import table_rows as table_rows
from isinglass.pipelines.engine.workspace.tables import table_schema as table_schema
from isinglass.pipelines.engine.workspace.tables import write_arrow as write_arrow
from isinglass.pipelines.engine.workspace.tables import write_audit as write_audit

"""Tables of the run as a whole, under `audit/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from isinglass.pipelines.engine.fingerprint import file_sha256
from isinglass.pipelines.engine.workspace import (
    explain_write_error,
    make_folder,
    temporary_name,
)
from isinglass.schemas.commit import OutputFile

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.pipelines.engine.workspace import Workspace


def write_audit(workspace: Workspace, name: str, table: pa.Table) -> OutputFile:
    """Write `audit/<name>.parquet`, whole or not at all.

    Raises:
        OutputError: No permission.
        RetryError: The disk is full or failing.
    """
    path = workspace.table("audit", name)
    make_folder(path.parent)
    temporary = temporary_name(path)
    try:
        pq.write_table(table, temporary, compression="zstd")
        temporary.replace(path)
    except OSError as error:
        raise explain_write_error(error, path) from None
    return OutputFile(
        path=workspace.relative(path),
        rows=table.num_rows,
        bytes=path.stat().st_size,
        sha256=file_sha256(path),
    )

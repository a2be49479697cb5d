"""Whether there is room for a run, looked at without writing."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from isinglass.pipelines.engine.workspace import explain_write_error


def free_for(folder: Path) -> int:
    """Bytes that are free where a folder is, or where it would be made.

    Raises:
        OutputError: It could not be made or written to.
    """
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir():
        raise explain_write_error(
            NotADirectoryError(errno.ENOTDIR, f"{there} is a file"), folder
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise explain_write_error(
            PermissionError(errno.EACCES, "Permission denied"), folder
        )
    return shutil.disk_usage(there).free

"""One process writes a run at a time, and begins by clearing up."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.workspace.files import (
    TEMPORARY_SUFFIX,
    explain_write_error,
    list_files,
    make_folder,
    remove,
)
from isinglass.pipelines.engine.workspace.layout import FINAL_FILES
from isinglass.schemas.errors import RetryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.pipelines.engine.workspace.layout import Workspace


@contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """Hold the run folder for this process.

    Raises:
        RetryError: Another process is writing this run.
        OutputError: The folder cannot be written.
    """
    make_folder(workspace.work)
    path = workspace.work / "lock"
    try:
        file = path.open("w")
    except OSError as error:
        raise explain_write_error(error, path) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RetryError(
                f"Another process is writing {workspace.root}. Wait for it to end."
            ) from None
        yield


def remove_leftovers(workspace: Workspace) -> None:
    """Remove what makes a run look finished, and temporary files of killed workers.

    Call only while the folder is locked.
    """
    for name in FINAL_FILES:
        remove(workspace.path / name)
    for path in list_files(workspace.path, f"**/.*{TEMPORARY_SUFFIX}*"):
        remove(path)

"""The run folder: where each file lies, and the one process that writes there."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.workspace.files import (
    TEMPORARY_SUFFIX,
    explain_write_error,
    list_files,
    make_folder,
    remove,
)
from isinglass.schemas.errors import RetryError

if TYPE_CHECKING:
    from collections.abc import Iterator

FINAL_FILES = ("_SUCCESS", "SHA256SUMS", "manifest.json", "report.html")
"""Written by close, in the reverse of this order; removed when a run starts again."""

TABLES = (
    "data",
    "findings",
    "paragraphs",
    "ledger",
    "quarantine",
    "tokens",
    "packed",
    "megatron",
    "embeddings",
    "hidden_states",
    "clusters",
    "audit",
)


@dataclass(frozen=True)
class Workspace:
    """Paths of one run folder. Picklable: it travels to the workers."""

    root: str

    @property
    def path(self) -> Path:
        """The run folder."""
        return Path(self.root)

    @property
    def work(self) -> Path:
        """Commits and side tables; removable once the run is complete."""
        return self.path / "work"

    def pass_folder(self, pass_name: str) -> Path:
        """Folder with the commits and side tables of one pass."""
        return self.work / pass_name

    def commit_path(self, pass_name: str, unit: str) -> Path:
        """Commit record of one unit of work."""
        return self.pass_folder(pass_name) / f"{unit}.commit.json"

    def failure_path(self, pass_name: str, unit: str) -> Path:
        """What went wrong with one unit of work, if something did."""
        return self.pass_folder(pass_name) / f"{unit}.failed.json"

    def table(self, table: str, unit: str) -> Path:
        """Parquet file of one output table and shard."""
        return self.path / table / f"{unit}.parquet"

    def side(self, pass_name: str, name: str) -> Path:
        """Side table or statistics file of a pass."""
        return self.pass_folder(pass_name) / name

    def relative(self, path: Path) -> str:
        """`path` relative to the run folder, with `/`."""
        return path.relative_to(self.path).as_posix()


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

"""The run folder: where each file lies, and how files appear in it at once."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.schemas.errors import OutputError, RetryError

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
TEMPORARY_SUFFIX = ".tmp"


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


def make_folder(path: Path) -> None:
    """Create a folder and its parents.

    Raises:
        OutputError: No permission, or a file is in the way.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except PermissionError:
        msg = f"No permission to write {path}. Choose another output folder."
        raise OutputError(msg) from None
    except (FileExistsError, NotADirectoryError):
        msg = f"{path} cannot be a folder: a file is in the way. Choose another output."
        raise OutputError(msg) from None
    except OSError as error:
        raise explain_write_error(error, path) from None


def explain_write_error(error: OSError, path: Path) -> Exception:
    """Turn an operating system error on writing into one that names the fix."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return RetryError(
            f"No space left on the device of {path}. Free some space and run the same "
            "command again: finished shards are kept."
        )
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return OutputError(
            f"No permission to write {path}. Choose another output folder."
        )
    if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.EINVAL, errno.ENAMETOOLONG}:
        return OutputError(
            f"{path} cannot be written ({error.strerror}). Choose another output."
        )
    return RetryError(f"Writing {path} failed: {error.strerror}. Try again.")


def fsync_folder(folder: Path) -> None:
    """Make renames inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def temporary_name(path: Path) -> Path:
    """A hidden sibling that no other process writes."""
    return path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a small file so that it is either whole or not there.

    Raises:
        OutputError: No permission.
        RetryError: The disk is full or failing.
    """
    data = content.encode() if isinstance(content, str) else content
    make_folder(path.parent)
    temporary = temporary_name(path)
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        fsync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise explain_write_error(error, path) from None


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
            msg = f"Another process is writing {workspace.root}. Wait for it to end."
            raise RetryError(msg) from None
        yield


def remove_leftovers(workspace: Workspace) -> None:
    """Remove what makes a run look finished, and temporary files of killed workers.

    Call only while the folder is locked.
    """
    for name in FINAL_FILES:
        (workspace.path / name).unlink(missing_ok=True)
    for path in workspace.path.rglob(f".*{TEMPORARY_SUFFIX}*"):
        path.unlink(missing_ok=True)

"""How files appear in a run folder: at once, and so that they last."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from isinglass.schemas.errors import OutputError, RetryError

if TYPE_CHECKING:
    from pathlib import Path

TEMPORARY_SUFFIX = ".tmp"


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


def write_atomically(path: Path, content: str | bytes, *, secret: bool = False) -> None:
    """Write a small file so that it is either whole or not there.

    Args:
        path: The file.
        content: What it is to hold; text as UTF-8.
        secret: Let its owner alone read it.

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
        if secret:
            temporary.chmod(0o600)
        temporary.replace(path)
        fsync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise explain_write_error(error, path) from None


def write_unsynced(path: Path, text: str) -> None:
    """Write a note that may be lost or be seen half written.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def sync(path: Path) -> None:
    """Make the contents of a file durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def put_in_place(temporary: Path, path: Path) -> None:
    """Give a file its final name, over what had it before."""
    temporary.replace(path)


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    path.unlink(missing_ok=True)


def remove_folder(folder: Path) -> None:
    """Remove an empty folder."""
    folder.rmdir()

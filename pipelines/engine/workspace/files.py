"""How the files of a run are found, read and written: at once, and so that they last.

Arrays are one `.npy` file each, which may be mapped into memory.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.schemas.errors import OutputError, RetryError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TEMPORARY_SUFFIX = ".tmp"


def exists(path: Path) -> bool:
    """Whether there is a file or folder."""
    return path.exists()


def is_file(path: Path) -> bool:
    """Whether there is a file."""
    return path.is_file()


def is_folder(path: Path) -> bool:
    """Whether there is a folder."""
    return path.is_dir()


def size_of(path: Path) -> int:
    """Bytes of a file."""
    return path.stat().st_size


def free_bytes(folder: Path) -> int:
    """Bytes that still fit beside a folder."""
    return shutil.disk_usage(folder).free


def list_folder(folder: Path) -> list[Path]:
    """What lies in a folder, sorted."""
    return sorted(folder.iterdir())


def list_files(folder: Path, pattern: str) -> list[Path]:
    """What matches a pattern in a folder, sorted; nothing where there is no folder.

    The pattern is that of `Path.glob`: `*.parquet`, or `**/*` for all that lies below.
    """
    return sorted(folder.glob(pattern))


def read_bytes(path: Path) -> bytes:
    """All of a file."""
    return path.read_bytes()


def read_json(path: Path) -> Any:
    """The value that a JSON file holds; a `ValueError` if it is not JSON."""
    return json.loads(path.read_bytes())


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_array(path: Path) -> NDArray[Any]:
    """An array, held in memory."""
    array: NDArray[Any] = np.load(path, allow_pickle=False)
    return array


def map_array(path: Path) -> NDArray[Any]:
    """An array that stays in its file, read where it is looked at."""
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array.view(np.ndarray)


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write one array."""
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def make_folder(path: Path) -> None:
    """Create a folder and its parents; an `OutputError` if a file is in the way."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise OutputError(
            f"{path} cannot be a folder: a file is in the way. Choose another output."
        ) from None
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

    `secret` lets its owner alone read it. What goes wrong is an `OutputError` if there
    is no permission, and a `RetryError` if the disk is full or failing.
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
    """Write a note that may be lost or be seen half written."""
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

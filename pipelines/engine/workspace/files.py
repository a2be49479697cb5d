"""How the files of a run are found and read."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


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
    """What lies in a folder, sorted.

    Raises:
        OSError: There is no such folder, or it cannot be read.
    """
    return sorted(folder.iterdir())


def list_files(folder: Path, pattern: str) -> list[Path]:
    """What matches a pattern in a folder, sorted; nothing where there is no folder.

    Args:
        folder: Where to look.
        pattern: As of `Path.glob`: `*.parquet`, or `**/*` for all that lies below.
    """
    return sorted(folder.glob(pattern))


def read_bytes(path: Path) -> bytes:
    """All of a file.

    Raises:
        OSError: It cannot be read.
    """
    return path.read_bytes()


def read_json(path: Path) -> Any:
    """The value that a JSON file holds.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not JSON.
    """
    return json.loads(path.read_bytes())


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

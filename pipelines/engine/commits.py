"""The commit protocol: temporary name, fsync, rename, then the record.

A unit's outputs become visible under their final names one by one, and count only
once the commit record is there. A record made under another fingerprint, or whose
files are not as recorded, is void: the unit is done again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pydantic

from isinglass.pipelines.engine.parts import Parts
from isinglass.pipelines.engine.progress import WorkerStatus
from isinglass.pipelines.engine.workspace import (
    Workspace,
    as_written,
    explain_write_error,
    file_sha256,
    fsync_folder,
    make_folder,
    put_in_place,
    read_bytes,
    remove,
    size_of,
    sync,
    temporary_name,
    write_array,
    write_array_in_parts,
    write_atomically,
)
from isinglass.schemas.commit import Commit, OutputFile
from isinglass.transforms.write import ZSTD, Storage, TableWriter


class UnitOutputs:
    """Collects the outputs of one unit of work and commits them together.

    Use as a context manager: leaving it by an exception removes temporary files. What
    is kept in `parts` outlives it, for the next attempt under the same fingerprint.
    """

    def __init__(
        self, workspace: Workspace, pass_name: str, unit: str, fingerprint: str = ""
    ) -> None:
        self.workspace = workspace
        self.pass_name = pass_name
        self.unit = unit
        self.status = WorkerStatus(workspace, pass_name, unit)
        self.parts = Parts(workspace, pass_name, unit, fingerprint)
        self._open: dict[Path, TableWriter] = {}
        self._reserved: set[Path] = set()
        self._done: list[OutputFile] = []

    def __enter__(self) -> Self:
        """Withdraw what an earlier attempt left of this unit."""
        # An old record must not vouch for files that are about to be replaced.
        make_folder(self.workspace.pass_folder(self.pass_name))
        for path in (
            self.workspace.commit_path(self.pass_name, self.unit),
            self.workspace.failure_path(self.pass_name, self.unit),
        ):
            remove(path)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Remove temporary files; explain an error of the operating system."""
        for path, writer in self._open.items():
            writer.abort()
            remove(temporary_name(path))
        for path in self._reserved:
            remove(path)
        if isinstance(error, OSError) and error.errno is not None:
            raise explain_write_error(error, self.workspace.path) from None

    def open_table(
        self,
        path: Path,
        schema: pa.Schema,
        dictionary: tuple[str, ...] = (),
        storage: Storage = ZSTD,
    ) -> TableWriter:
        """Start a Parquet output that appears as `path` when the unit is committed."""
        make_folder(path.parent)
        writer = TableWriter(temporary_name(path), schema, dictionary, storage)
        self._open[path] = writer
        return writer

    def write_bytes(self, path: Path, content: str | bytes, rows: int = 0) -> None:
        """Write a small output at once."""
        write_atomically(path, content)
        self._done.append(as_written(self.workspace, path, rows))

    def write_array(self, path: Path, array: np.ndarray) -> None:
        """Write one numpy array as `.npy`, which readers may map into memory."""
        temporary = self.reserve(path)
        write_array(temporary, array)
        self.adopt(temporary, path, len(array))

    def write_array_in_parts(
        self, path: Path, parts: Iterable[np.ndarray], dtype: type[np.generic]
    ) -> int:
        """The same of flat arrays, one after the other; returns how many values."""
        temporary = self.reserve(path)
        count = write_array_in_parts(temporary, parts, dtype)
        self.adopt(temporary, path, count)
        return count

    def reserve(self, path: Path, suffixes: tuple[str, ...] = ("",)) -> Path:
        """A temporary name for files of another kind, removed unless adopted.

        `path` is where they will be, without `suffixes`, one a file.
        """
        make_folder(path.parent)
        temporary = temporary_name(path)
        self._reserved |= {
            temporary.with_name(temporary.name + suffix) for suffix in suffixes
        }
        return temporary

    def adopt(self, temporary: Path, path: Path, rows: int) -> None:
        """Take over a file that was written under a temporary name."""
        self._reserved.discard(temporary)
        sync(temporary)
        put_in_place(temporary, path)
        self._done.append(as_written(self.workspace, path, rows))

    def commit(self, fingerprint: str, counts: dict[str, int], cpu: float) -> Commit:
        """Rename every output into place, then write the record."""
        for path, writer in list(self._open.items()):
            size, sha256 = writer.finish()
            put_in_place(temporary_name(path), path)
            fsync_folder(path.parent)
            name, rows = self.workspace.relative(path), writer.rows
            output = OutputFile(path=name, rows=rows, bytes=size, sha256=sha256)
            self._done.append(output)
            del self._open[path]
        commit = Commit(
            pass_name=self.pass_name,
            unit=self.unit,
            fingerprint=fingerprint,
            outputs=tuple(sorted(self._done, key=lambda output: output.path)),
            counts=dict(sorted(counts.items())),
            cpu_seconds=round(cpu, 3),
        )
        self.parts.remove()
        path = self.workspace.commit_path(self.pass_name, self.unit)
        write_atomically(path, commit.model_dump_json(indent=1) + "\n")
        return commit


def read_commit(workspace: Workspace, pass_name: str, unit: str) -> Commit | None:
    """The commit record of a unit, or None when there is none that can be read."""
    try:
        text = read_bytes(workspace.commit_path(pass_name, unit))
        return Commit.model_validate_json(text)
    except (FileNotFoundError, NotADirectoryError, pydantic.ValidationError):
        return None


def valid_commit(
    workspace: Workspace, pass_name: str, unit: str, fingerprint: str
) -> Commit | None:
    """The commit of a unit if it was made under `fingerprint` and its files are intact.

    Files are hashed again (about a second a GB): what was damaged since must be made
    anew, not sealed.
    """
    commit = read_commit(workspace, pass_name, unit)
    if commit is None or commit.fingerprint != fingerprint or commit.unit != unit:
        return None
    intact = all(is_intact(workspace, output) for output in commit.outputs)
    return commit if intact else None


def is_intact(workspace: Workspace, output: OutputFile) -> bool:
    """Whether a file is as it was recorded, to the byte."""
    path = workspace.path / output.path
    try:
        same_size = size_of(path) == output.bytes
        return same_size and file_sha256(path) == output.sha256
    except OSError:
        return False


def add_counts(commits: list[Commit]) -> dict[str, int]:
    """Sum of the counts of many commits, by name, sorted."""
    total: dict[str, int] = {}
    for commit in commits:
        for name, value in commit.counts.items():
            total[name] = total.get(name, 0) + value
    return dict(sorted(total.items()))


def outputs_digest_input(commits: list[Commit]) -> list[Any]:
    """What a later unit's fingerprint takes from these commits: paths and hashes."""
    return sorted(
        (output.path, output.sha256) for commit in commits for output in commit.outputs
    )

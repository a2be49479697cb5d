"""The files of a run: where they lie, and the one way to them.

Parquet is for people and later runs, Arrow for later passes, and an array one `.npy`
file, which may be mapped into memory.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from isinglass.pipelines.engine.workspace.layout import FINAL_FILES as FINAL_FILES
from isinglass.pipelines.engine.workspace.layout import PAPERS as PAPERS
from isinglass.pipelines.engine.workspace.layout import PRIVATE
from isinglass.pipelines.engine.workspace.layout import PROVENANCE as PROVENANCE
from isinglass.pipelines.engine.workspace.layout import PUBLISHED as PUBLISHED
from isinglass.pipelines.engine.workspace.layout import TABLES as TABLES
from isinglass.pipelines.engine.workspace.layout import Workspace as Workspace
from isinglass.pipelines.engine.workspace.layout import sums_text as sums_text
from isinglass.pipelines.engine.workspace.messages import arrow_batches as arrow_batches
from isinglass.pipelines.engine.workspace.messages import arrow_bytes as arrow_bytes
from isinglass.pipelines.engine.workspace.problems import (
    explain_write_error as explain_write_error,
)
from isinglass.schemas.commit import OutputFile
from isinglass.schemas.errors import OutputError, RetryError

BATCH_ROWS = 65_536
TEMPORARY_SUFFIX = ".tmp"
_ATTEMPTS = 5


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
    """Bytes that are free where a folder is, or where it would be made.

    Raises:
        OutputError: It could not be made or written to.
    """
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir():
        code = errno.ENOTDIR
        raise explain_write_error(OSError(code, "a file is in the way"), folder)
    if not os.access(there, os.W_OK | os.X_OK):
        raise explain_write_error(OSError(errno.EACCES, "no permission"), folder)
    return shutil.disk_usage(there).free


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
    return np.asarray(np.load(path, allow_pickle=False))


def map_array(path: Path) -> NDArray[Any]:
    """An array that stays in its file, read where it is looked at."""
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array.view(np.ndarray)


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write one array."""
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def write_array_in_parts(
    path: Path, parts: Iterable[NDArray[Any]], dtype: type[np.generic]
) -> int:
    """Write flat arrays one after the other, as `write_array` would write them joined.

    No more than one is held at a time.

    Returns:
        Values written.
    """
    described = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
        "fortran_order": False,
    }
    count = 0
    with path.open("wb") as file:
        # numpy leaves room for any length: the header can be written anew.
        np.lib.format.write_array_header_1_0(file, described | {"shape": (0,)})
        for part in parts:
            file.write(np.ascontiguousarray(part, dtype).data)
            count += len(part)
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, described | {"shape": (count,)})
    return count


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


def make_private(folder: Path) -> None:
    """Create a folder that its owner alone can look into, whatever the umask."""
    make_folder(folder)
    try:
        folder.chmod(0o700)
    except OSError as error:
        raise explain_write_error(error, folder) from None


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


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Write bytes as they come, one part held at a time."""
    with path.open("wb") as file:
        file.writelines(parts)


def sync(path: Path) -> None:
    """Make the contents of a file durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def put_in_place(temporary: Path, path: Path) -> None:
    """Give a file its final name, over what had it before."""
    temporary.replace(path)


def remove(path: Path) -> bool:
    """Remove a file, if it is there; tells whether it was."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def remove_folder(folder: Path) -> None:
    """Remove an empty folder."""
    folder.rmdir()


def scratch_folder() -> Path:
    """Make a folder for what is needed for a while, for its owner alone.

    Raises:
        RetryError: There is no place for it.
    """
    try:
        return Path(tempfile.mkdtemp(prefix="isinglass-"))
    except OSError:
        raise RetryError(
            "There is no folder for temporary files that can be written. Name one by "
            "the environment variable TMPDIR."
        ) from None


def remove_scratch(folder: Path) -> None:
    """Remove a folder and all that is in it, also while somebody still writes there."""
    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


@contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """Hold the run folder; a `RetryError` if another process is writing this run."""
    make_private(workspace.work)
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

    What only its owner may see is shut. Call only while the folder is locked.
    """
    for name in (*FINAL_FILES, *reversed(PAPERS)):
        remove(workspace.path / name)
    for path in list_files(workspace.path, f"**/.*{TEMPORARY_SUFFIX}*"):
        remove(path)
    for name in PRIVATE:
        make_private(workspace.path / name)


def read_table(
    path: Path, columns: Sequence[str] | None = None, filters: Any = None
) -> pa.Table:
    """A Parquet file, or some of its columns and rows, as `pq.read_table` has it."""
    names = None if columns is None else list(columns)
    # Parts of the path that look like `key=value` are no columns.
    return pq.read_table(path, columns=names, filters=filters, partitioning=None)


def table_batches(
    path: Path, columns: Sequence[str] | None = None, rows: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """A Parquet file piece by piece, in one thread and little memory."""
    names = None if columns is None else list(columns)
    file = pq.ParquetFile(path, pre_buffer=False)
    yield from file.iter_batches(rows, columns=names, use_threads=False)


def table_rows(path: Path) -> int:
    """Rows of a Parquet file, as its footer has them."""
    return int(pq.read_metadata(path).num_rows)


def table_memory(path: Path) -> int:
    """Bytes of the columns of a Parquet file before compression."""
    footer = pq.read_metadata(path)
    return sum(
        footer.row_group(i).total_byte_size for i in range(footer.num_row_groups)
    )


def table_schema(path: Path) -> pa.Schema:
    """Schema of a Parquet file."""
    return pq.read_schema(path)


def table_bytes(table: pa.Table) -> bytes:
    """A table as a Parquet file; equal for equal tables."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def link_or_copy(path: Path, target: Path) -> None:
    """Give a file a second name, or copy it where that cannot be."""
    make_folder(target.parent)
    try:
        target.hardlink_to(path)
    except OSError:
        try:
            shutil.copyfile(path, target)
        except OSError as error:
            raise explain_write_error(error, target) from None


def write_audit(workspace: Workspace, name: str, table: pa.Table) -> OutputFile:
    """Write `audit/<name>.parquet`, a table of the run as a whole, or nothing."""
    path = workspace.table("audit", name)
    write_atomically(path, table_bytes(table))
    return as_written(workspace, path, table.num_rows)


def as_written(workspace: Workspace, path: Path, rows: int) -> OutputFile:
    """A file of the run as it is now."""
    name, sha256 = workspace.relative(path), file_sha256(path)
    return OutputFile(path=name, rows=rows, bytes=size_of(path), sha256=sha256)


def map_arrow(path: Path) -> pa.Table:
    """Map an Arrow file into memory."""
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        batches = [reader.get_batch(i) for i in range(reader.num_record_batches)]
        return pa.Table.from_batches(batches, schema=reader.schema)


def write_arrow(
    path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
) -> int:
    """Write record batches as one Arrow file; returns the number of rows."""
    rows = 0
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as sink:
        for batch in batches:
            if batch.num_rows:
                sink.write_batch(batch)
                rows += batch.num_rows
    return rows

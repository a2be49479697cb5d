"""Parquet and Arrow IPC: row groups and record batches, a few MB at a time.

Arrow IPC has a file format (Feather) and a stream format.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.schemas.documents import DocumentBatch, Piece
from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.read.batches import BATCH_BYTES, BATCH_ROWS, only_rejected
from isinglass.transforms.read.checks import Rejection
from isinglass.transforms.read.columns import arrow_batches
from isinglass.transforms.read.streams import changed, open_input, require_unchanged
from isinglass.transforms.read.structure import require_structure

if TYPE_CHECKING:
    from isinglass.transforms.read.batches import Origin

# Column chunks are read through a buffer of this size instead of whole.
_BUFFER_BYTES = 2**20
_FILE_MAGIC = b"ARROW1"


def open_parquet(file: BinaryIO) -> pq.ParquetFile:
    """Open a Parquet file so that reading holds little of it in memory.

    Where pages have checksums, they are verified.
    """
    return pq.ParquetFile(
        file,
        pre_buffer=False,
        buffer_size=_BUFFER_BYTES,
        page_checksum_verification=True,
    )


def read_parquet(origin: Origin, piece: Piece) -> Iterator[DocumentBatch]:
    """Read the row groups `start` to `stop` of a file.

    Records of a row group whose pages cannot be decoded are rejected, one by one. An
    `InputError` says that the file is not as planned.
    """
    with open_input(piece.path, piece.relative) as file:
        try:
            opened = open_parquet(file)
        except (pa.ArrowException, OSError):
            raise changed(piece.relative, "it is no readable Parquet file") from None
        groups = opened.metadata.num_row_groups
        stop = groups if piece.stop < 0 else piece.stop
        if stop > groups:
            what = f"it has {groups} row groups where at least {stop} were planned"
            raise changed(piece.relative, what)
        row = piece.first_row
        for group in range(piece.start, stop):
            yield from _read_group(origin, piece, opened, group, row)
            row += opened.metadata.row_group(group).num_rows
        _require_rows(piece, row)


def _read_group(
    origin: Origin, piece: Piece, opened: pq.ParquetFile, group: int, row: int
) -> Iterator[DocumentBatch]:
    metadata = opened.metadata.row_group(group)
    stop = row + metadata.num_rows
    size = metadata.total_byte_size // max(1, metadata.num_rows)
    most = max(1, min(BATCH_ROWS, BATCH_BYTES // max(1, size)))
    batches = opened.iter_batches(most, row_groups=[group], use_threads=False)
    while row < stop:
        try:
            batch = next(batches)
        except (pa.ArrowException, OSError, StopIteration):
            require_unchanged(piece)
            yield from _lost(origin, range(row, stop), f"row group {group}")
            return
        yield from arrow_batches(origin, batch, row)
        row += batch.num_rows


def _lost(origin: Origin, rows: range, what: str) -> Iterator[DocumentBatch]:
    """Reject rows, each on its own, which no value can be had of."""
    reason, detail = QuarantineReason.UNREADABLE_FILE, f"{what} cannot be decoded"
    for first in range(rows.start, rows.stop, BATCH_ROWS):
        some = range(first, min(rows.stop, first + BATCH_ROWS))
        yield only_rejected(origin, *(Rejection(n, reason, detail, None) for n in some))


def record_batches(
    file: pa.NativeFile, start: int, stop: int
) -> Iterator[pa.RecordBatch]:
    """Yield record batches `start` to `stop` of an IPC file or stream; -1 is the end.

    Their values may not be touched before `require_structure` has seen them.

    Raises:
        pyarrow.ArrowException: It is neither, or it is damaged.
        OSError: The same, or the system cannot read it.
        IndexError: It has fewer record batches.
    """
    reader = open_ipc(file)
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        last = reader.num_record_batches if stop < 0 else stop
        for index in range(start, last):
            if index >= reader.num_record_batches:
                raise IndexError(f"{reader.num_record_batches} record batches")
            yield reader.get_batch(index)
        return
    index = 0
    for batch in reader:
        if 0 <= stop <= index:
            return
        if index >= start:
            yield batch
        index += 1
    if index < stop:
        raise IndexError(f"{index} record batches")


def open_ipc(file: pa.NativeFile) -> Any:
    """Open an IPC file or stream at its beginning; raises as `record_batches` does."""
    is_file = file.read(len(_FILE_MAGIC)) == _FILE_MAGIC
    file.seek(0)
    return pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)


def read_arrow(origin: Origin, piece: Piece) -> Iterator[DocumentBatch]:
    """Read the record batches `start` to `stop` of a file, as they were planned.

    Records of one that is damaged are rejected, one by one; and so are those of all
    that follow, if it is damaged so much that nothing can be read of it.
    """
    open_input(piece.path, piece.relative).close()
    row = piece.first_row
    with pa.OSFile(piece.path) as file:
        batches = record_batches(file, piece.start, piece.stop)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError, IndexError):
                # Planning went through all record batches of the file.
                require_unchanged(piece)
                if piece.rows is None:
                    raise changed(
                        piece.relative, "record batches are missing"
                    ) from None
                stop = piece.first_row + piece.rows
                yield from _lost(origin, range(row, stop), "a record batch")
                row = stop
                break
            if batch is None:
                break
            stop = row + batch.num_rows
            try:
                require_structure(batch)
            except (pa.ArrowException, ValueError):
                require_unchanged(piece)
                yield from _lost(origin, range(row, stop), "a record batch")
            else:
                yield from arrow_batches(origin, batch, row)
            row = stop
    _require_rows(piece, row)


def _require_rows(piece: Piece, stop: int) -> None:
    """Refuse a piece that ended before row `stop` with another number of rows."""
    rows = stop - piece.first_row
    if piece.rows not in (None, rows):
        what = f"it holds {rows} rows where {piece.rows} were planned"
        raise changed(piece.relative, what)

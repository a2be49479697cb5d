"""Arrow IPC, in the file format (Feather) and the stream format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.transforms.read.batches import Origin
from isinglass.transforms.read.columns import arrow_batches
from isinglass.transforms.read.streams import changed, open_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.schemas.documents import DocumentBatch, Layout, Piece, Shard

_FILE_MAGIC = b"ARROW1"


def record_batches(
    file: pa.NativeFile, start: int, stop: int
) -> Iterator[pa.RecordBatch]:
    """Yield record batches of an IPC file or stream.

    Args:
        file: At its beginning.
        start: First record batch. In a stream the earlier ones are passed over.
        stop: One past the last; -1 for all.

    Raises:
        pyarrow.ArrowException: It is neither, or it is damaged.
        OSError: The same, or the system cannot read it.
        IndexError: It has fewer record batches.
    """
    if file.read(len(_FILE_MAGIC)) == _FILE_MAGIC:
        reader = pa.ipc.open_file(file)
        last = reader.num_record_batches if stop < 0 else stop
        for index in range(start, last):
            if index >= reader.num_record_batches:
                raise IndexError(f"{reader.num_record_batches} record batches")
            yield reader.get_batch(index)
        return
    file.seek(0)
    index = 0
    for batch in pa.ipc.open_stream(file):
        if 0 <= stop <= index:
            return
        if index >= start:
            yield batch
        index += 1
    if index < stop:
        raise IndexError(f"{index} record batches")


def read_schema(file: pa.NativeFile) -> pa.Schema:
    """Return the schema of an IPC file or stream; raises as `record_batches` does."""
    is_file = file.read(len(_FILE_MAGIC)) == _FILE_MAGIC
    file.seek(0)
    opened = pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)
    return opened.schema


def read_arrow(shard: Shard, piece: Piece, layout: Layout) -> Iterator[DocumentBatch]:
    """Read the record batches `start` to `stop` of a file.

    Raises:
        InputError: The file is not as it was planned.
    """
    origin = Origin.of(shard, piece, layout)
    open_input(piece.path, piece.relative).close()
    row = piece.first_row
    with pa.OSFile(piece.path) as file:
        batches = record_batches(file, piece.start, piece.stop)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError, IndexError):
                # Planning went through all record batches of the file.
                raise changed(piece.relative, "record batches are missing") from None
            if batch is None:
                break
            numbers = np.arange(row, row + batch.num_rows, dtype=np.int64)
            yield from arrow_batches(origin, batch, numbers)
            row += batch.num_rows
    if piece.rows is not None and row - piece.first_row != piece.rows:
        what = f"it holds {row - piece.first_row} rows where {piece.rows} were planned"
        raise changed(piece.relative, what)

"""Parquet: one row group after the other, a few MB at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.read.batches import (
    BATCH_BYTES,
    BATCH_ROWS,
    Origin,
    only_rejected,
)
from isinglass.transforms.read.checks import Rejection
from isinglass.transforms.read.columns import arrow_batches
from isinglass.transforms.read.streams import changed, open_input, require_unchanged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from isinglass.schemas.documents import DocumentBatch, Layout, Piece, Shard

# Column chunks are read through a buffer of this size instead of whole.
_BUFFER_BYTES = 2**20


def open_parquet(file: BinaryIO) -> pq.ParquetFile:
    """Open a Parquet file so that reading holds little of it in memory."""
    return pq.ParquetFile(file, pre_buffer=False, buffer_size=_BUFFER_BYTES)


def read_parquet(shard: Shard, piece: Piece, layout: Layout) -> Iterator[DocumentBatch]:
    """Read the row groups `start` to `stop` of a file.

    Records of a row group whose pages cannot be decoded are rejected, one by one.

    Raises:
        InputError: The file is not as it was planned.
    """
    origin = Origin.of(shard, piece, layout)
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
        if piece.rows is not None and row - piece.first_row != piece.rows:
            what = (
                f"it holds {row - piece.first_row} rows where {piece.rows} were planned"
            )
            raise changed(piece.relative, what)


def _read_group(
    origin: Origin, piece: Piece, opened: pq.ParquetFile, group: int, row: int
) -> Iterator[DocumentBatch]:
    stop = row + opened.metadata.row_group(group).num_rows
    rows = batch_rows(opened.metadata.row_group(group))
    batches = opened.iter_batches(rows, row_groups=[group], use_threads=False)
    while row < stop:
        try:
            batch = next(batches)
        except (pa.ArrowException, OSError, StopIteration):
            require_unchanged(piece)
            yield from _rejected(
                origin, f"row group {group} cannot be decoded", row, stop
            )
            return
        numbers = np.arange(row, row + batch.num_rows, dtype=np.int64)
        yield from arrow_batches(origin, batch, numbers)
        row += batch.num_rows


def batch_rows(group: pq.RowGroupMetaData) -> int:
    """Return how many rows of a row group to decode at once."""
    size = group.total_byte_size // max(1, group.num_rows)
    return int(max(1, min(BATCH_ROWS, BATCH_BYTES // max(1, size))))


def _rejected(
    origin: Origin, detail: str, start: int, stop: int
) -> Iterator[DocumentBatch]:
    rejection = Rejection(0, QuarantineReason.UNREADABLE_FILE, detail, None)
    for row in range(start, stop, BATCH_ROWS):
        rows = range(row, min(stop, row + BATCH_ROWS))
        yield only_rejected(origin, [(number, rejection) for number in rows])

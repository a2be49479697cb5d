"""Parquet and Arrow IPC: row groups and record batches, a few MB at a time.

Arrow IPC has a file format (Feather) and a stream format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.schemas.documents import Piece
from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.batches import one_batch
from isinglass.transforms.read.batches import (
    BATCH_BYTES,
    BATCH_ROWS,
    Part,
    only_rejected,
)
from isinglass.transforms.read.checks import Rejection
from isinglass.transforms.read.columns import arrow_batches
from isinglass.transforms.read.pages import pages
from isinglass.transforms.read.streams import changed, open_input, require_unchanged
from isinglass.transforms.read.structure import require_structure

if TYPE_CHECKING:
    from isinglass.transforms.read.batches import Origin

# Column chunks are read through a buffer of this size instead of whole.
_BUFFER_BYTES = 2**20
_FILE_MAGIC = b"ARROW1"
_UNDECODED = "a record batch cannot be decoded"
_MOST_BYTES_PER_CHARACTER = 4
_MOST_DECODED = 256 * 2**20
"""Bytes that a batch or a page may become when it is decoded, before its texts are
looked at."""


def open_parquet(file: BinaryIO, as_dictionary: Iterable[str] = ()) -> pq.ParquetFile:
    """Open a Parquet file so that reading holds little of it in memory.

    Columns may stay dictionaries, where decoded values would be many copies of few.
    Where pages have checksums, they are verified.
    """
    return pq.ParquetFile(
        file,
        pre_buffer=False,
        buffer_size=_BUFFER_BYTES,
        read_dictionary=list(as_dictionary),
        page_checksum_verification=True,
    )


def read_parquet(origin: Origin, piece: Piece, _: object = None) -> Iterator[Part]:
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
        repeating = _repeating(file, opened.metadata, range(piece.start, stop))
        if repeating:
            opened = open_parquet(file, repeating)
        row = piece.first_row
        for group in range(piece.start, stop):
            yield from _read_group(origin, piece, opened, group, row)
            row += opened.metadata.row_group(group).num_rows
        _require_rows(piece, row)


def _read_group(
    origin: Origin, piece: Piece, opened: pq.ParquetFile, group: int, row: int
) -> Iterator[Part]:
    metadata = opened.metadata.row_group(group)
    stop = row + metadata.num_rows
    size = _too_large_page(origin, piece, metadata)
    if size:
        detail = f"row group {group} has a page of {size} bytes, too many to decode"
        yield from _lost(origin, range(row, stop), QuarantineReason.TOO_LONG, detail)
        return
    most = _batch_rows(metadata)
    batches = opened.iter_batches(most, row_groups=[group], use_threads=False)
    while row < stop:
        try:
            batch = _next_batch(batches, min(most, stop - row))
        except (pa.ArrowException, OSError, StopIteration):
            require_unchanged(piece)
            reason = QuarantineReason.UNREADABLE_FILE
            detail = f"row group {group} cannot be decoded"
            yield from _lost(origin, range(row, stop), reason, detail)
            return
        yield from arrow_batches(origin, batch, row)
        row += batch.num_rows


def _batch_rows(group: pq.RowGroupMetaData) -> int:
    size = group.total_byte_size // max(1, group.num_rows)
    return int(max(1, min(BATCH_ROWS, BATCH_BYTES // max(1, size))))


def _next_batch(batches: Iterator[pa.RecordBatch], rows: int) -> pa.RecordBatch:
    """So many rows, also where they lie on both sides of the end of a dictionary."""
    found = [next(batches)]
    while sum(batch.num_rows for batch in found) < rows:
        found.append(next(batches))
    if len(found) == 1:
        return found[0]
    return one_batch(pa.Table.from_batches(found).unify_dictionaries())


def _lost(
    origin: Origin, rows: range, reason: QuarantineReason, detail: str
) -> Iterator[Part]:
    """Reject records of which nothing was read."""
    for first in range(0, len(rows), BATCH_ROWS):
        some = rows[first : first + BATCH_ROWS]
        lost = [Rejection(number, reason, detail, None) for number in some]
        yield only_rejected(origin, *lost)


def _repeating(
    file: BinaryIO, metadata: pq.FileMetaData, groups: Iterable[int]
) -> list[str]:
    """Columns of strings that become very large when their dictionary is decoded."""
    found = set()
    for number in groups:
        group = metadata.row_group(number)
        for chunk in map(group.column, range(group.num_columns)):
            most = _batch_rows(group) * chunk.total_uncompressed_size
            is_text = chunk.physical_type == "BYTE_ARRAY"
            if is_text and chunk.has_dictionary_page and most > _MOST_DECODED:
                name = chunk.path_in_schema
                if name not in found and _repeats(file, chunk, _batch_rows(group)):
                    found.add(name)
    return sorted(found)


def _repeats(file: BinaryIO, chunk: pq.ColumnChunkMetaData, rows: int) -> bool:
    """Tell it by the pages up to the first that is not coded by the dictionary.

    An entry that is used once is no more when it is decoded; those that are used again
    may all be the largest one.
    """
    size, again = 0, 0
    for page in pages(file, chunk):
        if page.is_dictionary:
            size, again = page.bytes, again - page.values
        elif page.coded:
            again += page.values
        else:
            break
    return again < 0 or size * min(again, rows) > _MOST_DECODED


def _too_large_page(origin: Origin, piece: Piece, group: pq.RowGroupMetaData) -> int:
    """Bytes of a page that is too large to decode and holds a text that is too long.

    There is one for certain if the texts are too long on average; 0 for no such page.
    """
    chunks = map(group.column, range(group.num_columns))
    text = next((c for c in chunks if c.path_in_schema == origin.text), None)
    if text is None or text.total_uncompressed_size <= _MOST_DECODED:
        return 0
    most = _MOST_BYTES_PER_CHARACTER * origin.layout.max_chars
    with open_input(piece.path, piece.relative) as file:
        for page in pages(file, text):
            if page.bytes > max(_MOST_DECODED, page.values * most):
                return page.bytes
    return 0


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


def read_arrow(origin: Origin, piece: Piece, _: object = None) -> Iterator[Part]:
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
                reason, detail = QuarantineReason.UNREADABLE_FILE, _UNDECODED
                yield from _lost(origin, range(row, stop), reason, detail)
                row = stop
                break
            if batch is None:
                break
            stop = row + batch.num_rows
            try:
                require_structure(batch)
            except (pa.ArrowException, ValueError):
                require_unchanged(piece)
                reason, detail = QuarantineReason.UNREADABLE_FILE, _UNDECODED
                yield from _lost(origin, range(row, stop), reason, detail)
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

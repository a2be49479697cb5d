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
    cut,
    only_rejected,
)
from isinglass.transforms.read.checks import (
    HEAD_BYTES,
    Rejection,
    most_record_bytes,
    too_large,
)
from isinglass.transforms.read.columns import arrow_batches
from isinglass.transforms.read.large_batches import Emptied, emptied
from isinglass.transforms.read.large_pages import (
    MOST_DECODED,
    Shrunk,
    TooLargeError,
    shrunk,
)
from isinglass.transforms.read.messages import FILE_MAGIC
from isinglass.transforms.read.pages import pages
from isinglass.transforms.read.patched import patched
from isinglass.transforms.read.sizes import head
from isinglass.transforms.read.streams import changed, open_input, require_unchanged
from isinglass.transforms.read.structure import require_structure

if TYPE_CHECKING:
    from isinglass.transforms.read.batches import Origin

# Column chunks are read through a buffer of this size instead of whole.
_BUFFER_BYTES = 2**20
_UNDECODED = "a record batch cannot be decoded"


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
        if origin.text not in opened.schema_arrow.names:
            raise changed(piece.relative, f"it has no column {origin.text} any more")
        row = piece.first_row
        for group in range(piece.start, stop):
            yield from _read_group(origin, piece, opened, group, row)
            row += opened.metadata.row_group(group).num_rows
        _require_rows(piece, row)


def _read_group(
    origin: Origin, piece: Piece, opened: pq.ParquetFile, group: int, row: int
) -> Iterator[Part]:
    """Read a row group; what of it cannot be decoded is rejected, record by record."""
    stop = row + opened.metadata.row_group(group).num_rows
    batches = _group_batches(origin, piece, opened, group)
    while row < stop:
        try:
            batch, large = next(batches)
        except TooLargeError as error:
            reason = QuarantineReason.TOO_LONG
            detail = (
                f"row group {group} has a page of {error} bytes, too many to decode"
            )
            yield from _lost(origin, range(row, stop), reason, detail)
            return
        except (pa.ArrowException, OSError, StopIteration, UnicodeDecodeError):
            # The last one is of the name of a column.
            require_unchanged(piece)
            reason = QuarantineReason.UNREADABLE_FILE
            detail = f"row group {group} cannot be decoded"
            yield from _lost(origin, range(row, stop), reason, detail)
            return
        if large:
            yield from _hollow_batches(origin, batch, row, large)
        else:
            yield from arrow_batches(origin, batch, row)
        row += batch.num_rows


def _group_batches(
    origin: Origin, piece: Piece, opened: pq.ParquetFile, group: int
) -> Iterator[tuple[pa.RecordBatch, Shrunk | None]]:
    """Decode a row group; with what stands for its large values, where some do."""
    metadata = opened.metadata.row_group(group)
    rows, most = metadata.num_rows, _batch_rows(metadata)
    names, limit = origin.names, most_record_bytes(origin.layout.max_chars)
    with pa.OSFile(piece.path) as file:
        large = shrunk(file, piece.sha256, opened, group, names, limit)
        source = large.file if large else patched(file)
        repeating = _repeating(source, metadata)
        if large or repeating:
            opened = open_parquet(source, repeating)
        batches = opened.iter_batches(
            most, row_groups=[group], columns=names, use_threads=False
        )
        while rows:
            try:
                batch = _next_batch(batches, min(most, rows))
            except StopIteration:
                return
            yield batch, large
            rows -= batch.num_rows


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


def _repeating(file: BinaryIO, group: pq.RowGroupMetaData) -> list[str]:
    """Columns of strings that become very large when their dictionary is decoded."""
    found, rows = [], _batch_rows(group)
    for chunk in map(group.column, range(group.num_columns)):
        is_text = chunk.physical_type == "BYTE_ARRAY" and chunk.has_dictionary_page
        is_large = is_text and rows * chunk.total_uncompressed_size > MOST_DECODED
        if is_large and _repeats(file, chunk, rows):
            found.append(chunk.path_in_schema)
    return found


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
    return again < 0 or size * min(again, rows) > MOST_DECODED


def _hollow_batches(
    origin: Origin, batch: pa.RecordBatch, row: int, large: Shrunk | Emptied
) -> Iterator[Part]:
    """Turn records, large values of which are still to be read, into batches."""
    most = most_record_bytes(origin.layout.max_chars)
    sizes = large.sizes(batch)
    for part in cut(sizes, min(BATCH_BYTES, most)):
        number, size = row + part.start, int(sizes[part.start])
        some = batch.slice(part.start, part.stop - part.start)
        try:
            if size > most:
                begin = large.head(some, origin.text, HEAD_BYTES)
                if begin is None:
                    begin = head(some.column(origin.text), 0, HEAD_BYTES) or b""
                yield only_rejected(origin, too_large(number, size, begin))
                continue
            some = large.restored(some)
        except (pa.ArrowException, OSError):
            reason = QuarantineReason.UNREADABLE_FILE
            rows = range(number, number + some.num_rows)
            yield from _lost(origin, rows, reason, _UNDECODED)
        else:
            yield from arrow_batches(origin, some, number)


def record_batches(
    file: pa.NativeFile, start: int, stop: int
) -> Iterator[tuple[pa.RecordBatch, Emptied | None]]:
    """Yield record batches `start` to `stop` of an IPC file or stream; -1 is the end.

    With each comes what it lacks, if it is too large to be decoded. Values may not be
    touched before `require_structure` has seen them.

    Raises:
        pyarrow.ArrowException: It is neither, or it is damaged.
        OSError: The same, or the system cannot read it.
        IndexError: It has fewer record batches.
        TooLargeError: It has a dictionary that is too large to be decoded.
    """
    reader, place = open_ipc(file), file.tell()
    parts, lacking = emptied(file, reader.schema)
    file.seek(place)
    if lacking:
        reader = open_ipc(patched(file, parts))
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        last = reader.num_record_batches if stop < 0 else stop
        for index in range(start, last):
            if index >= reader.num_record_batches:
                raise IndexError(f"{reader.num_record_batches} record batches")
            yield reader.get_batch(index), lacking.get(index)
        return
    index = 0
    for batch in reader:
        if 0 <= stop <= index:
            return
        if index >= start:
            yield batch, lacking.get(index)
        index += 1
    if index < stop:
        raise IndexError(f"{index} record batches")


def open_ipc(file: pa.NativeFile | BinaryIO) -> Any:
    """Open an IPC file or stream at its beginning; raises as `record_batches` does."""
    is_file = file.read(len(FILE_MAGIC)) == FILE_MAGIC
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
                found = next(batches, None)
            except (pa.ArrowException, OSError, IndexError, TooLargeError):
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
            if found is None:
                break
            batch, lacking = found
            stop = row + batch.num_rows
            yield from _read_batch(origin, piece, batch, row, lacking)
            row = stop
    _require_rows(piece, row)


def _read_batch(
    origin: Origin,
    piece: Piece,
    batch: pa.RecordBatch,
    row: int,
    lacking: Emptied | None,
) -> Iterator[Part]:
    """Read a record batch of which nothing was looked at."""
    rows = range(row, row + batch.num_rows)
    if lacking and lacking.undecoded:
        size, reason = lacking.undecoded, QuarantineReason.TOO_LONG
        detail = f"a record batch takes {size} bytes, too many to decode"
        yield from _lost(origin, rows, reason, detail)
        return
    try:
        (lacking.require_structure if lacking else require_structure)(batch)
    except (pa.ArrowException, ValueError):
        require_unchanged(piece)
        yield from _lost(origin, rows, QuarantineReason.UNREADABLE_FILE, _UNDECODED)
        return
    if lacking:
        yield from _hollow_batches(origin, batch, row, lacking)
    else:
        yield from arrow_batches(origin, batch, row)


def _require_rows(piece: Piece, stop: int) -> None:
    """Refuse a piece that ended before row `stop` with another number of rows."""
    rows = stop - piece.first_row
    if piece.rows not in (None, rows):
        what = f"it holds {rows} rows where {piece.rows} were planned"
        raise changed(piece.relative, what)

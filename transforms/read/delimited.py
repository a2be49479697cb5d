"""Comma and tab separated files, plain or compressed.

A compiled scan finds where records end, quoted newlines counted as content; pyarrow
parses whole blocks of records. A block that it refuses is halved until the malformed
records are alone, so that their neighbours are read as always.

A quote that is never closed would swallow the rest of a file. The line on which it
opens is set aside as malformed, and reading goes on with the next line.

Records are numbered from 0 after the header, empty lines included; an empty line is not
a record. An empty field is an empty string in the text and in carried columns, and
unknown (null) in the metadata columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numba import njit
from numpy.typing import NDArray

from isinglass.schemas.documents import Piece
from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.batches import one_batch
from isinglass.transforms.read.batches import (
    BATCH_BYTES,
    Origin,
    Part,
    cut,
    only_rejected,
)
from isinglass.transforms.read.checks import Rejection
from isinglass.transforms.read.columns import arrow_records
from isinglass.transforms.read.formats import delimiter_of
from isinglass.transforms.read.streams import (
    BYTE_ORDER_MARK,
    Damage,
    changed,
    chunks,
    open_input,
)

MOST_RECORD_BYTES = 256 * 2**20
"""A record that is still open after so many bytes is taken for an unclosed quote."""

_UNCLOSED = "a quote opens in this line and is never closed"
_EMPTY = (b"\n", b"\r\n", b"")
_QUOTE = ord('"')
_NEWLINE = ord("\n")
_START, _PLAIN, _QUOTED, _CLOSING = 0, 1, 2, 3


@njit(cache=True, nogil=True)
def _scan(data: Any, delimiter: Any, ends: Any) -> Any:
    """Write the position after each record's newline; return how many there are.

    A quote opens a quoted field only at the field's start, and is closed by a quote
    that is not doubled (RFC 4180, section 2).
    """
    count = 0
    state = _START
    for position in range(data.size):
        byte = data[position]
        if state == _QUOTED:
            if byte == _QUOTE:
                state = _CLOSING
            continue
        if byte == _QUOTE:
            if state != _PLAIN:
                state = _QUOTED
        elif byte == _NEWLINE:
            ends[count] = position + 1
            count += 1
            state = _START
        elif byte == delimiter:
            state = _START
        else:
            state = _PLAIN
    return count


def record_ends(data: bytes, delimiter: str) -> NDArray[np.int64]:
    """Return the positions after the newline of each complete record."""
    ends = np.empty(data.count(b"\n"), np.int64)
    count = _scan(np.frombuffer(data, np.uint8), ord(delimiter), ends)
    return ends[:count]


class Block(NamedTuple):
    """Some complete records with their newlines.

    Or one line on which a quote opens and never closes; or, with the damage, what was
    left when the file broke off.
    """

    records: list[bytes]
    unclosed: bool = False
    damage: Damage | None = None


def record_blocks(
    parts: Iterable[bytes | Damage], delimiter: str, most: int = MOST_RECORD_BYTES
) -> Iterator[Block]:
    """Regroup chunks into blocks of complete records of about `BATCH_BYTES`.

    A larger record is in a block that ends with it.
    """
    held, wanted = b"", BATCH_BYTES
    waiting: list[bytes] = []
    size = 0
    for part in chain(parts, [b""]):
        if isinstance(part, Damage):
            held, complete = _complete(b"".join([held, *waiting]), delimiter)
            yield Block(complete)
            yield Block([held], damage=part)
            return
        waiting.append(part)
        size += len(part)
        is_end = not part
        if size < wanted and not is_end:
            continue
        held, complete = _complete(b"".join([held, *waiting]), delimiter)
        waiting = []
        yield Block(complete)
        while len(held) > (0 if is_end else most):
            if is_end and len(record_ends(held + b"\n", delimiter)):
                yield Block([held])
                return
            stop = held.find(b"\n") + 1 or len(held)
            yield Block([held[:stop]], unclosed=True)
            held, complete = _complete(held[stop:], delimiter)
            yield Block(complete)
        size = len(held)
        # Scanning a long record again only when it has doubled keeps the cost linear.
        wanted = max(BATCH_BYTES, 2 * size)


def _complete(data: bytes, delimiter: str) -> tuple[bytes, list[bytes]]:
    """Return what is left after the last complete record, and the complete ones."""
    records = []
    start = 0
    for stop in record_ends(data, delimiter).tolist():
        records.append(data[start:stop])
        start = stop
    return data[start:], records


def split_header(records: list[bytes]) -> tuple[bytes | None, list[bytes]]:
    """Return the first record that is not empty, if there is one, and what follows."""
    for index, record in enumerate(records):
        if record not in _EMPTY:
            return record, records[index + 1 :]
    return None, []


def parse_header(record: bytes, delimiter: str) -> list[str]:
    """The column names of a header record; a `ValueError` if it is none of UTF-8."""
    record = record.removeprefix(BYTE_ORDER_MARK).rstrip(b"\r\n") + b"\n"
    options = pa_csv.ReadOptions(use_threads=False, block_size=len(record) + 1)
    parse = pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    try:
        table = pa_csv.read_csv(pa.BufferReader(record), options, parse)
        return [str(name) for name in table.column_names]
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise ValueError("the header cannot be parsed") from None


def read_delimited(origin: Origin, piece: Piece) -> Iterator[Part]:
    """Read a whole delimited file; an `InputError` if it is not as planned."""
    delimiter = delimiter_of(piece.path)
    names: list[str] | None = None
    row = 0
    with open_input(piece.path, piece.relative) as file:
        for block in record_blocks(chunks(file, piece.path), delimiter):
            records = block.records
            if block.damage is not None:
                reason, detail = QuarantineReason.TRUNCATED_FILE, block.damage.detail
                yield only_rejected(origin, Rejection(row, reason, detail, records[0]))
                return
            if names is None:
                header, records = split_header(records)
                if header is None:
                    continue
                names = _read_header(origin, header, delimiter)
            if block.unclosed:
                for line in records:
                    reason = QuarantineReason.MALFORMED_RECORD
                    yield only_rejected(origin, Rejection(row, reason, _UNCLOSED, line))
            else:
                sizes = np.fromiter(map(len, records), np.int64, len(records))
                for part in cut(sizes):
                    first = row + part.start
                    yield from _batch(origin, records[part], first, names, delimiter)
            row += len(records)


def _read_header(origin: Origin, record: bytes, delimiter: str) -> list[str]:
    try:
        names = parse_header(record, delimiter)
    except ValueError as error:
        raise changed(origin.relative, str(error)) from None
    if origin.text not in names:
        what = f"it has no column {origin.text} any more"
        raise changed(origin.relative, what)
    return names


def _batch(
    origin: Origin, records: list[bytes], row: int, names: list[str], delimiter: str
) -> Iterator[Part]:
    numbered = [pair for pair in enumerate(records, row) if pair[1] not in _EMPTY]
    if not numbered:
        return
    schema = pa.schema([(name, pa.binary()) for name in names])
    tables = [schema.empty_table()]
    rejections: list[Rejection] = []
    for part in _parse(numbered, names, delimiter):
        if isinstance(part, Rejection):
            rejections.append(part)
        else:
            tables.append(part)
    bad = {one.row for one in rejections}
    rows = [number for number, _ in numbered if number not in bad]
    table = one_batch(pa.concat_tables(tables))
    found = arrow_records(origin, table, np.array(rows, np.int64))
    metadata = {}
    for name, column in found.metadata.items():
        empty = pc.equal(pc.binary_length(column), 0)
        metadata[name] = pc.if_else(empty, pa.scalar(None, pa.string()), column)
    yield Part(origin, replace(found, metadata=metadata), tuple(rejections))


def _parse(
    numbered: list[tuple[int, bytes]], names: list[str], delimiter: str
) -> Iterator[pa.Table | Rejection]:
    """Parse records; halve what is refused until the malformed ones are alone."""
    data = b"".join(record for _, record in numbered)
    try:
        table = _parse_block(data, names, delimiter)
        if table.num_rows == len(numbered):
            yield table
            return
        detail = f"{table.num_rows} records where one was expected"
    except pa.ArrowInvalid:
        detail = f"the number of fields is not {len(names)}"
    if len(numbered) == 1:
        row, record = numbered[0]
        yield Rejection(row, QuarantineReason.MALFORMED_RECORD, detail, record)
        return
    middle = len(numbered) // 2
    yield from _parse(numbered[:middle], names, delimiter)
    yield from _parse(numbered[middle:], names, delimiter)


def _parse_block(data: bytes, names: list[str], delimiter: str) -> pa.Table:
    # Bytes, so that one record of bad encoding does not fail the others.
    types = dict.fromkeys(names, pa.binary())
    return pa_csv.read_csv(
        pa.BufferReader(data),
        pa_csv.ReadOptions(
            use_threads=False, block_size=len(data) + 1, column_names=names
        ),
        pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        pa_csv.ConvertOptions(column_types=types, strings_can_be_null=False),
    )

"""Comma and tab separated files, plain or compressed.

One parser (`fields`) says what a record is and what its fields are. Here its records
become batches, and those that are malformed are set aside one by one.

Records are numbered from 0 after the header, empty lines included; an empty line is not
a record. An empty field is an empty string in the text and in carried columns, and
unknown (null) in the metadata columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.documents import Dialect, DocumentBatch, Piece
from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.read.batches import (
    BATCH_BYTES,
    Origin,
    cut,
    document_batch,
    only_rejected,
)
from isinglass.transforms.read.checks import Rejection
from isinglass.transforms.read.columns import arrow_records
from isinglass.transforms.read.encodings import recoded
from isinglass.transforms.read.fields import (
    BEHIND_QUOTE,
    MOST_RECORD_BYTES,
    UNCLOSED,
    Parsed,
    parse,
)
from isinglass.transforms.read.formats import delimiter_of
from isinglass.transforms.read.streams import (
    Damage,
    changed,
    chunks,
    open_input,
)

_RAGGED, _SPOILED = 3, 4
_DETAILS = {
    BEHIND_QUOTE: "text stands behind a closing quote",
    UNCLOSED: "a quote opens in this line and is never closed",
    _SPOILED: "a carriage return may end a record here, or be of its text",
}
_ESCAPED = "; if backslashes escape quotes, set `escape`"
_PREAMBLE = re.compile(rb"(?:\xef\xbb\xbf)?(?:sep=([!-~\t])(?:\r\n|\n|\r))?")
"""A byte order mark, and the line by which Excel is told the delimiter."""


def dialect_of(piece: Piece) -> Dialect:
    """Return the dialect of a piece, its delimiter named."""
    delimiter = piece.dialect.delimiter or delimiter_of(piece.path)
    return replace(piece.dialect, delimiter=delimiter)


def preamble(data: bytes) -> tuple[int, str]:
    """How many bytes stand before the header of a file, and which delimiter they tell.

    The delimiter is empty if they tell none.
    """
    found = _PREAMBLE.match(data)
    assert found is not None
    return found.end(), (found[1] or b"").decode()


class Block(NamedTuple):
    """Some complete records, the last `ahead` of which come again in the next block.

    Or, with the damage, the `rest` behind the last of them when the file broke off.
    """

    records: Parsed
    ahead: int = 0
    damage: Damage | None = None
    rest: bytes = b""


def record_blocks(
    parts: Iterable[bytes | Damage], dialect: Dialect, most: int = MOST_RECORD_BYTES
) -> Iterator[Block]:
    """Regroup chunks into blocks of complete records of about `BATCH_BYTES`.

    A larger record is in a block that ends with it.
    """
    held, wanted, size = b"", BATCH_BYTES, 0
    waiting: list[bytes] = []
    begun = linewise = False
    for part in chain(parts, [b""]):
        damage = part if isinstance(part, Damage) else None
        if isinstance(part, bytes):
            waiting.append(part)
            size += len(part)
            if part and size < wanted:
                continue
        data, waiting = b"".join([held, *waiting]), []
        if not begun:
            data, begun = data[preamble(data)[0] :], True
        found = parse(data, dialect, final=not part, linewise=linewise, most=most)
        ahead = 0
        if dialect.mixed and part and damage is None and len(found):
            # The next record tells whether a lone carriage return ended this one.
            ahead = int(found.lone[-1])
        yield Block(found, ahead)
        count = len(found) - ahead
        held, linewise = data[found.stops[count] :], found.turned <= count
        if damage is not None:
            yield Block(found.part(0, 0), 0, damage, held)
            return
        size = len(held)
        # Parsing a long record again only when it has doubled keeps the cost linear.
        wanted = max(BATCH_BYTES, 2 * size)


def split_header(block: Parsed) -> tuple[bytes | None, Parsed]:
    """Return the first record that is not empty, if there is one, and what follows."""
    filled = np.flatnonzero(~block.blank)
    if len(filled) == 0:
        return None, block.part(0, 0)
    first = int(filled[0])
    return block.record(first), block.part(first + 1, len(block))


def parse_header(record: bytes, dialect: Dialect) -> list[str]:
    """The column names of a header record; a `ValueError` if it is none of UTF-8."""
    parsed = parse(record, dialect, final=True)
    if parsed.faults.any():
        raise ValueError(f"the header cannot be parsed: {_DETAILS[parsed.faults[0]]}")
    try:
        return [name.decode() for name in parsed.fields.fill_null(b"").to_pylist()]
    except UnicodeDecodeError:
        raise ValueError("the header is not valid UTF-8") from None


def read_delimited(origin: Origin, piece: Piece) -> Iterator[DocumentBatch]:
    """Read a whole delimited file; an `InputError` if it is not as planned."""
    dialect = dialect_of(piece)
    names: list[str] | None = None
    row = 0
    suspect = False
    with open_input(piece.path, piece.relative) as file:
        parts = recoded(chunks(file, piece.path), piece.encoding)
        for block in record_blocks(parts, dialect):
            if block.damage is not None:
                reason, detail = QuarantineReason.TRUNCATED_FILE, block.damage.detail
                yield only_rejected(origin, Rejection(row, reason, detail, block.rest))
                return
            records = block.records
            if names is None:
                header, records = split_header(records)
                if header is None:
                    continue
                names = _read_header(origin, header, dialect)
            faults = _faults(records, len(names), dialect, suspect=suspect)
            count = len(records) - block.ahead
            suspect = bool(count and records.lone[count - 1] and faults[count - 1])
            for part in cut(np.diff(records.stops[: count + 1])):
                those = records.part(part.start, part.stop)
                yield from _batch(origin, those, faults[part], row + part.start, names)
            row += count


def _read_header(origin: Origin, record: bytes, dialect: Dialect) -> list[str]:
    try:
        names = parse_header(record, dialect)
    except ValueError as error:
        raise changed(origin.relative, str(error)) from None
    if origin.text not in names:
        what = f"it has no column {origin.text} any more"
        raise changed(origin.relative, what)
    return names


def _faults(
    records: Parsed, columns: int, dialect: Dialect, *, suspect: bool
) -> NDArray[np.int8]:
    """What is wrong with each record (n,); 0 for sound ones and blank lines.

    Where lone carriage returns and newlines end lines, such a return may as well be a
    part of a text. It is, for all one can tell, if a record beside it is malformed, or
    if one column leaves nothing to tell by. `suspect` says so of the record before.
    """
    counts = np.diff(records.upto)
    faults = np.where(
        records.faults != 0, records.faults, _RAGGED * (counts != columns)
    )
    faults[counts == 0] = 0
    if not dialect.mixed or not len(records):
        return faults.astype(np.int8)
    filled = counts > 0
    doubtful = (faults != 0) | (columns == 1)
    pairs = records.lone[:-1] & filled[:-1] & filled[1:]
    spoiled = np.zeros(len(records), np.bool_)
    spoiled[:-1] |= pairs & doubtful[1:]
    spoiled[1:] |= pairs & doubtful[:-1]
    spoiled[0] |= suspect & filled[0]
    faults[spoiled & (faults == 0)] = _SPOILED
    return faults.astype(np.int8)


def _batch(
    origin: Origin,
    records: Parsed,
    faults: NDArray[np.int8],
    row: int,
    names: list[str],
) -> Iterator[DocumentBatch]:
    filled = ~records.blank
    if not filled.any():
        return
    rejections = []
    for index in np.flatnonzero(faults).tolist():
        record = records.record(index)
        detail = _detail(int(faults[index]), record, len(names))
        reason = QuarantineReason.MALFORMED_RECORD
        rejections.append(Rejection(row + index, reason, detail, record))
    sound = np.flatnonzero(filled & (faults == 0))
    firsts = records.upto[:-1][sound]
    columns = [records.fields.take(pa.array(firsts + n)) for n in range(len(names))]
    # Bytes, so that one record of bad encoding does not fail the others.
    table = pa.RecordBatch.from_arrays(columns, names)
    found = arrow_records(origin, table, row + sound)
    metadata = {}
    for name, column in found.metadata.items():
        empty = pc.equal(pc.binary_length(column), 0)
        metadata[name] = pc.if_else(empty, pa.scalar(None, pa.string()), column)
    yield document_batch(origin, replace(found, metadata=metadata), rejections)


def _detail(fault: int, record: bytes, columns: int) -> str:
    if fault == _RAGGED:
        return f"the number of fields is not {columns}"
    escaped = fault == BEHIND_QUOTE and b'\\"' in record
    return _DETAILS[fault] + (_ESCAPED if escaped else "")

"""Comma and tab separated files, plain or compressed.

One parser (`fields`) says what a record is and what its fields are. Here its records
become batches, and those that are malformed are set aside one by one.

Records are numbered from 0 after the header, empty lines included; an empty line is not
a record. An empty field is an empty string in the text and in carried columns, and
unknown (null) in the metadata columns.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.documents import Dialect, Piece
from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.read.batches import (
    BATCH_BYTES,
    Origin,
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
from isinglass.transforms.read.columns import arrow_records
from isinglass.transforms.read.fields import (
    BEHIND_QUOTE,
    MOST_RECORD_BYTES,
    UNCLOSED,
    Parsed,
    Skip,
    ordinary_byte,
    parse,
    skip_behind,
)
from isinglass.transforms.read.formats import delimiter_of
from isinglass.transforms.read.streams import (
    Damage,
    changed,
)

_RAGGED, _SPOILED, _TOO_LONG = 3, 4, 5
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


class Long(NamedTuple):
    """What is missing in the first record of a block: its beginning, and how much."""

    head: bytes
    bytes: int


class Block(NamedTuple):
    """Some complete records, the last `ahead` of which come again in the next block.

    Or, with the damage, the `rest` behind the last of them when the file broke off.
    The first record may be `long`, or the next one, which does not come with these.
    """

    records: Parsed
    ahead: int = 0
    damage: Damage | None = None
    rest: bytes = b""
    long: Long | None = None
    before_long: bool = False


def record_blocks(
    parts: Iterable[bytes | Damage], dialect: Dialect, most: int = MOST_RECORD_BYTES
) -> Iterator[Block]:
    """Regroup chunks into blocks of complete records of about `BATCH_BYTES`.

    A larger record is in a block that ends with it. Of one that goes on outside of
    quotes behind `most` bytes only the beginning is held, and how many follow.
    """
    # Hands out what was written without a copy: a record may be as large as all else.
    held, wanted, size = io.BytesIO(), BATCH_BYTES, 0
    begun = linewise = False
    long: Long | None = None
    skip: Skip | None = None
    for part in chain(parts, [b""]):
        damage = part if isinstance(part, Damage) else None
        if skip and long and isinstance(part, bytes) and part:
            stop = skip.line_end(part)
            long = long._replace(bytes=long.bytes + stop)
            if stop == len(part):
                continue
            skip = None
            part = part[stop:]  # noqa: PLW2901 - what is left of it
        if isinstance(part, bytes):
            held.write(part)
            size += len(part)
            if part and size < wanted:
                continue
        data, held = held.getvalue(), io.BytesIO()
        if not begun:
            data, begun = data[preamble(data)[0] :], True
        found = parse(data, dialect, final=not part, linewise=linewise, most=most)
        goes_on = bool(part) and damage is None
        skip = _skip(found, dialect, most) if goes_on else None
        # The next record tells whether a lone carriage return ended this one.
        unsure = dialect.mixed and goes_on and not skip and len(found)
        ahead = int(found.lone[-1]) if unsure else 0
        count = len(found) - ahead
        if len(found):
            yield Block(found, ahead, long=long, before_long=skip is not None)
        rest, linewise = data[found.stops[count] :], found.turned <= count
        long = None if count else long
        if damage is not None:
            yield Block(found.part(0, 0), 0, damage, long.head if long else rest)
            return
        del data, found
        if skip:
            mark = ordinary_byte(dialect)
            long, rest = Long(rest[:HEAD_BYTES], len(rest) - len(mark)), mark
        size = held.write(rest)
        del rest
        # Parsing a long record again only when it has doubled keeps the cost linear.
        wanted = max(BATCH_BYTES, min(2 * size, max(most, size) + BATCH_BYTES))


def _skip(found: Parsed, dialect: Dialect, most: int) -> Skip | None:
    """Return what skips the rest of a record, if one breaks off behind `most` bytes."""
    start = int(found.stops[-1])
    if len(found.data) - start <= most + 1:
        return None
    turned = found.turned <= len(found)
    return skip_behind(found.data[start:], dialect, most, linewise=turned)


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


def read_delimited(
    origin: Origin, piece: Piece, content: Iterable[bytes | Damage]
) -> Iterator[Part]:
    """Read a whole delimited file of this content.

    An `InputError` says that its header is not as planned.
    """
    dialect = dialect_of(piece)
    names: list[str] | None = None
    row = 0
    suspect = False
    most = most_record_bytes(origin.layout.max_chars)
    for block in record_blocks(content, dialect):
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
        beside = (suspect, block.before_long)
        faults = _faults(records, len(names), dialect, beside)
        count = len(records) - block.ahead
        suspect = bool(count and records.lone[count - 1] and faults[count - 1])
        long = block.long if len(records) == len(block.records) else None
        too_long = _too_long(records, long, row, most)
        faults[[number - row for number in too_long]] = _TOO_LONG
        for part in cut(np.diff(records.stops[: count + 1])):
            those, first = records.part(part.start, part.stop), row + part.start
            yield from _batch(origin, those, faults[part], first, names, too_long)
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


def _too_long(
    records: Parsed, long: Long | None, row: int, most: int
) -> dict[int, Rejection]:
    """The rejections of records of more than `most` bytes, by their numbers."""
    sizes = np.diff(records.stops)
    if long and len(sizes):
        sizes[0] += long.bytes
    found = {}
    for index in np.flatnonzero(sizes > most).tolist():
        start = int(records.stops[index])
        head = records.data[start : start + HEAD_BYTES]
        head = long.head if long and not index else head
        number = row + index
        found[number] = too_large(number, int(sizes[index]), head)
    return found


def _faults(
    records: Parsed, columns: int, dialect: Dialect, beside: tuple[bool, bool]
) -> NDArray[np.int8]:
    """What is wrong with each record (n,); 0 for sound ones and blank lines.

    Where lone carriage returns and newlines end lines, such a return may as well be a
    part of a text. It is, for all one can tell, if a record beside it is malformed, or
    if one column leaves nothing to tell by. `beside` says so of the records before and
    behind these.
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
    spoiled[0] |= beside[0] & filled[0]
    spoiled[-1] |= beside[1] & filled[-1] & records.lone[-1]
    faults[spoiled & (faults == 0)] = _SPOILED
    return faults.astype(np.int8)


def _batch(
    origin: Origin,
    records: Parsed,
    faults: NDArray[np.int8],
    row: int,
    names: list[str],
    too_long: Mapping[int, Rejection],
) -> Iterator[Part]:
    filled = ~records.blank
    if not filled.any():
        return
    rejections = []
    for index in np.flatnonzero(faults).tolist():
        if faults[index] == _TOO_LONG:
            rejections.append(too_long[row + index])
            continue
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
    yield Part(origin, replace(found, metadata=metadata), tuple(rejections))


def _detail(fault: int, record: bytes, columns: int) -> str:
    if fault == _RAGGED:
        return f"the number of fields is not {columns}"
    escaped = fault == BEHIND_QUOTE and b'\\"' in record
    return _DETAILS[fault] + (_ESCAPED if escaped else "")

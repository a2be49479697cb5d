r"""The one parser of delimited text: bytes -> records and their fields.

The grammar is that of RFC 4180, section 2, and no wider: a quote opens a quoted field
only at the field's start, is closed by a quote that is not doubled, and nothing may
follow but a delimiter or a line end. A quote elsewhere is content. A line ends with
`\n`, `\r\n` or a lone `\r`, wherever it stands outside of quotes.

An escape character takes the special character behind it as content, as Python's `csv`
writes it; before any other character it is content itself. With an escape character,
the bare field `\N` is what databases dump for no value.

A quote that is never closed would swallow the rest of a file. From the record on in
which it opens, every line end ends a record, and the line of the quote is malformed.
So far behind the start of a record that it could never be closed, no quote opens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.documents import Dialect
from isinglass.transforms.compiled import njit

MOST_RECORD_BYTES = 256 * 2**20
"""A quote that is still open so far behind the record's start is never closed."""

BEHIND_QUOTE = 1
"""Text stands behind a closing quote."""

UNCLOSED = 2
"""A quote opens in this line and is never closed."""

ORDINARY, DELIMITER, QUOTE, ESCAPE, NEWLINE, RETURN = range(6)
"""What a byte is in a dialect, where it stands alone."""

_INCOMPLETE, _OPEN = 3, 4
"""The data end outside of quotes, or inside of them."""

_NO_LIMIT = -1
_NEVER = 2**62
_NULL = ord("N")
_LINE_FEED = ord("\n")
_CARRIAGE_RETURN = ord("\r")


@dataclass(frozen=True)
class Parsed:
    r"""The complete records of some bytes, n of them, blank lines included.

    Attributes:
        data: The bytes.
        stops: Where records end (n + 1), in bytes of the data, line end included; the
            first is 0.
        upto: Fields before and in each record (n + 1); a blank line has none.
        faults: `BEHIND_QUOTE`, `UNCLOSED` or 0 for each record (n,).
        lone: Whether a lone carriage return ended the record (n,).
        fields: Contents of all fields, in order; null for `\N`.
        turned: The record from which on lines are records, since its quote was never
            closed; a larger number if there is none.
    """

    data: bytes
    stops: NDArray[np.int64]
    upto: NDArray[np.int64]
    faults: NDArray[np.int8]
    lone: NDArray[np.bool_]
    fields: pa.BinaryArray
    turned: int

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.faults)

    @property
    def blank(self) -> NDArray[np.bool_]:
        """Which records (n,) are blank lines."""
        return np.asarray(self.upto[1:] == self.upto[:-1])

    def record(self, index: int) -> bytes:
        """Return a record as it stands, with its line end."""
        return self.data[self.stops[index] : self.stops[index + 1]]

    def part(self, start: int, stop: int) -> Parsed:
        """Return the records from `start` to `stop`; the data stay."""
        return replace(
            self,
            stops=self.stops[start : stop + 1],
            upto=self.upto[start : stop + 1],
            faults=self.faults[start:stop],
            lone=self.lone[start:stop],
        )


def parse(
    data: bytes,
    dialect: Dialect,
    *,
    final: bool,
    linewise: bool = False,
    most: int = MOST_RECORD_BYTES,
) -> Parsed:
    """Parse the complete records of some bytes that begin with a record.

    `final` says that the file ends with them, and `linewise` is what parsing the bytes
    before them came to.
    """
    octets, table = np.frombuffer(data, np.uint8), byte_kinds(dialect)
    returns, newlines, delimiters = (
        int(np.count_nonzero(octets == ord(mark)))
        for mark in "\r\n" + dialect.delimiter
    )
    lines = returns + newlines + 1
    content = np.empty(len(data), np.uint8)
    most_fields = lines + delimiters
    ends = np.zeros(most_fields + 1, np.int32)
    nulls = np.zeros(most_fields + 1, np.bool_)
    records = np.zeros((lines + 1, 4), np.int64)
    rules = np.array([final, linewise, most], np.int64)
    count, turned = _parse(octets, table, rules, content, ends, nulls, records)
    records = records[: count + 1]
    number = int(records[count, 1])
    fields = _binary(content, ends[: number + 1], nulls[:number])
    faults, lone = records[1:, 2].astype(np.int8), records[1:, 3] != 0
    return Parsed(data, records[:, 0], records[:, 1], faults, lone, fields, int(turned))


@dataclass(frozen=True)
class Skip:
    """Looks for the end of a record that is not held; see `skip_behind`."""

    table: NDArray[np.uint8]
    state: NDArray[np.int64]

    def line_end(self, data: bytes) -> int:
        """Return where the line end begins; the number of bytes if it is not here."""
        octets = np.frombuffer(data, np.uint8)
        return int(_skip(octets, self.table, self.state, _NO_LIMIT))


def skip_behind(
    record: bytes, dialect: Dialect, most: int, *, linewise: bool
) -> Skip | None:
    """Return what skips the rest of a record of which this is the beginning.

    It is longer than `most`, so that no quoted field begins in the rest. None if it
    breaks off at what may be its end.
    """
    octets = np.frombuffer(record, np.uint8)
    skip = Skip(byte_kinds(dialect), np.array([0, 1, 0], np.int64))
    limit = _NO_LIMIT if linewise else most
    end = _skip(octets, skip.table, skip.state, limit)
    return skip if end == len(record) else None


def ordinary_byte(dialect: Dialect) -> bytes:
    """Return a byte that is nothing but content in a dialect."""
    return bytes([int(np.flatnonzero(byte_kinds(dialect) == ORDINARY)[0])])


def byte_kinds(dialect: Dialect) -> NDArray[np.uint8]:
    """Return what each byte (256,) is in a dialect: `DELIMITER`, `QUOTE` ..."""
    table = np.zeros(256, np.uint8)
    table[ord("\n")], table[ord("\r")] = NEWLINE, RETURN
    kinds = (DELIMITER, QUOTE, ESCAPE)
    marks = (dialect.delimiter, dialect.quote, dialect.escape)
    for kind, mark in zip(kinds, marks, strict=True):
        if mark:
            table[ord(mark)] = kind
    return table


def _binary(
    content: NDArray[np.uint8], offsets: NDArray[np.int32], nulls: NDArray[np.bool_]
) -> pa.BinaryArray:
    valid = None
    if nulls.any():
        valid = pa.py_buffer(np.packbits(~nulls, bitorder="little"))
    buffers = [valid, pa.py_buffer(offsets), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.binary(), len(nulls), buffers)


@njit(nogil=True)
def _parse(
    data: Any, table: Any, rules: Any, content: Any, ends: Any, nulls: Any, records: Any
) -> Any:
    """Write contents, field ends and records; return their number, and `turned`."""
    final, linewise, most = rules[0] != 0, rules[1] != 0, rules[2]
    turned = 0 if linewise else _NEVER
    position, out, fields, count = 0, 0, 0, 0
    while position < data.size:
        start, first_out, first_field, fault = position, out, fields, 0
        limit = _NO_LIMIT if linewise else start + most
        while True:
            begin = position
            position, out, how = _field(
                data, position, table, content, out, final, limit
            )
            if how >= _INCOMPLETE:
                break
            fault = max(fault, how)
            nulls[fields] = _is_null(data, begin, position, table)
            fields += 1
            ends[fields] = out
            if position == data.size or table[data[position]] != DELIMITER:
                break
            position += 1
        if how == _OPEN and not linewise and (final or position > limit):
            linewise, turned = True, count
            position, out, fields = start, first_out, first_field
            continue
        if how >= _INCOMPLETE:
            break
        if position == start:
            fields = first_field
        position, blanks = _line_end(data, position, final)
        if position < 0:
            break
        # Of a run of carriage returns, all but the first end blank lines.
        for line in range(max(blanks, 0) + 1):
            count += 1
            records[count, 0], records[count, 1] = position + line, fields
            records[count, 3] = blanks >= 0
        records[count - max(blanks, 0), 2] = fault
        position += max(blanks, 0)
    return count, turned


@njit(nogil=True)
def _field(
    data: Any, position: Any, table: Any, content: Any, out: Any, final: Any, limit: Any
) -> Any:
    """Write a field; return where it ends here and in the content, and what it is."""
    fault, closed = 0, False
    near = limit == _NO_LIMIT or position <= limit
    if near and position < data.size and table[data[position]] == QUOTE:
        position, out, fault = _quoted(
            data, position + 1, table, content, out, final, limit
        )
        if fault == _OPEN:
            return position, out, fault
        closed = fault == 0
        position += closed
    first = position
    while position < data.size:
        kind = table[data[position]]
        if kind != ORDINARY:
            if kind in (DELIMITER, NEWLINE, RETURN):
                break
            if kind == ESCAPE:
                position = _escaped(data, position, table, final)
                if position < 0:
                    return position, out, _INCOMPLETE
        content[out] = data[position]
        out += 1
        position += 1
    if position == data.size and not final:
        return position, out, _INCOMPLETE
    if closed and position != first:
        fault = BEHIND_QUOTE
    return position, out, fault


@njit(nogil=True)
def _quoted(
    data: Any, position: Any, table: Any, content: Any, out: Any, final: Any, limit: Any
) -> Any:
    """Write what stands between quotes, up to the one that closes."""
    linewise = limit == _NO_LIMIT
    while position < data.size:
        kind = table[data[position]]
        if kind != ORDINARY:
            if kind == QUOTE:
                last = position + 1 == data.size
                if last and not final:
                    return position, out, _OPEN
                if last or table[data[position + 1]] != QUOTE:
                    near = linewise or position <= limit
                    return position, out, 0 if near else _OPEN
                position += 1
            elif kind == ESCAPE:
                taken = _escaped(data, position, table, final)
                if taken < 0:
                    return position, out, _OPEN
                position = taken
            elif linewise and kind != DELIMITER:
                return position, out, UNCLOSED
        content[out] = data[position]
        out += 1
        position += 1
    return position, out, UNCLOSED if linewise and final else _OPEN


@njit(nogil=True)
def _escaped(data: Any, position: Any, table: Any, final: Any) -> Any:
    """Return where the content is that an escape stands for; -1 if it is not here."""
    if position + 1 == data.size:
        return position if final else -1
    return position + (table[data[position + 1]] != ORDINARY)


@njit(nogil=True)
def _skip(data: Any, table: Any, state: Any, limit: Any) -> Any:
    """Find the line end, and keep where the data end within the record.

    Whether the next byte is escaped, begins a field, and stands between quotes.
    """
    escaped, begins, quoted = state[0], state[1], state[2]
    closed = False
    for position in range(data.size):
        kind = table[data[position]]
        was_closed, closed = closed, False
        if escaped or kind == ESCAPE:
            escaped, begins = 1 - escaped, 0
        elif quoted:
            closed = kind == QUOTE
            quoted = not closed
        elif kind == QUOTE and (was_closed or (begins and position <= limit)):
            quoted, begins = 1, 0
        elif kind in (NEWLINE, RETURN):
            return position
        else:
            begins = kind == DELIMITER
    state[0], state[1], state[2] = escaped, begins, quoted
    return data.size


@njit(nogil=True)
def _is_null(data: Any, begin: Any, end: Any, table: Any) -> Any:
    return (
        end == begin + 2 and table[data[begin]] == ESCAPE and data[begin + 1] == _NULL
    )


@njit(nogil=True)
def _line_end(data: Any, position: Any, final: Any) -> Any:
    r"""Return what follows a line end, or -1 if its bytes are not all here.

    Besides, how many blank lines follow a lone carriage return; -1 for another end.
    Carriage returns before a `\n` belong to it.
    """
    if position == data.size:
        return position, -1
    after = position
    while after < data.size and data[after] == _CARRIAGE_RETURN:
        after += 1
    if after == data.size and not final:
        return -1, -1
    if after < data.size and data[after] == _LINE_FEED:
        return after + 1, -1
    return position + 1, after - position - 1

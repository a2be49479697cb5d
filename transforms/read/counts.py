"""How many records a file holds, by its bytes alone.

This is a second opinion. No reader takes part in it, so that a reader which loses a
record, or takes two for one, is found out. It looks at the chunks on their way to the
reader, so that they are read and decompressed once, and keeps nothing of them.

JSON lines are lines that are not blank; a file of text is one record, unless it is
empty; what delimited files hold is counted by line ends outside of quotes.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.documents import Dialect, Piece
from isinglass.transforms.compiled import njit
from isinglass.transforms.read.delimited import dialect_of, preamble
from isinglass.transforms.read.encodings import stretch
from isinglass.transforms.read.fields import (
    DELIMITER,
    ESCAPE,
    MOST_RECORD_BYTES,
    NEWLINE,
    ORDINARY,
    QUOTE,
    RETURN,
    byte_kinds,
)
from isinglass.transforms.read.streams import (
    BYTE_ORDER_MARK,
    Damage,
    open_input,
)

if TYPE_CHECKING:
    Chunks = Iterable[bytes | Damage]
    Counting = Generator[bytes | Damage, None, int]

_NO_CUT = 2**62
_LINE_FEED = ord("\n")
_PREAMBLE_BYTES = 16

_BEFORE, _BARE, _QUOTED, _AT_QUOTE, _BEHIND = range(5)
"""Before a field, in a bare or a quoted one, at a quote in it, behind that quote."""

_SIZE = 18
_RECORDS, _FIELDS, _WIDTH, _BAD, _MISQUOTED, _PLACE, _ESCAPED, _LENGTH = range(8)
_FILLED, _LINES, _LINE_FILLED, _LINEWISE, _FAULT = range(8, 13)
_AFTER_RETURN, _RETURNS, _NEWLINES, _QUOTES, _PENDING = range(13, _SIZE)
"""The state of a count.

Records, fields of the current one and of the first, those that are malformed; the place
within a field, whether the next byte is escaped, bytes of the record, whether it is no
blank line; lines that end inside of its quotes, whether the current one is not blank;
whether a quote was never closed, and whether the record is misquoted; whether a return
came last, lines that ended in one, and in a newline; quoted fields; whether returns
came last and ended a line that is not blank.
"""


class Tally(NamedTuple):
    """What the bytes of a delimited file come to.

    Attributes:
        records: Without the header; what is left of a damaged file is one of them.
        malformed: Records with other than the header's number of fields, with text
            behind a closing quote, or from a quote on that is never closed.
        misquoted: Those of the last two kinds.
        quoted: Fields that begin with a quote.
        mixed: Lone carriage returns end lines, and so do newlines.
    """

    records: int
    malformed: int
    misquoted: int
    quoted: int
    mixed: bool


class Content:
    """The chunks of a piece in UTF-8, once, which are counted while they are taken.

    An `InputError` says that the file is gone, or is shorter than planned.
    """

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._records = piece.rows
        self._chunks = self._read()

    def __iter__(self) -> Iterator[bytes | Damage]:
        """Yield the chunks that nobody has taken yet."""
        return self._chunks

    def _read(self) -> Iterator[bytes | Damage]:
        with open_input(self._piece.path, self._piece.relative) as file:
            chunks = stretch(file, self._piece)
            if self._records is None:
                self._records = yield from _counting(self._piece, chunks)
            else:
                yield from chunks

    def records(self) -> int | None:
        """Return how many records it holds, those that nobody has taken included.

        It is what was planned, where it was. None for the formats that say themselves
        how many they hold.
        """
        if self._records is None and self._piece.format not in ("parquet", "arrow"):
            for _ in self._chunks:
                pass
        return self._records


def _counting(piece: Piece, chunks: Chunks) -> Counting:
    """Hand on chunks; returns how many records they hold."""
    if piece.format == "jsonl":
        return _counting_lines(chunks, marked=not piece.start)
    if piece.format == "csv":
        return _counting_rows(chunks, dialect_of(piece))
    return _counting_texts(chunks)


def _counting_lines(chunks: Chunks, *, marked: bool) -> Counting:
    """Count lines that are not blank; `marked` if a byte order mark may come first."""
    state, none = line_state(), np.empty((1, 3), np.int64)
    for part, first in _marked(chunks):
        if isinstance(part, Damage):
            yield part
            return int(state[1]) + 1
        mark = first and marked and part.startswith(BYTE_ORDER_MARK)
        skip = len(BYTE_ORDER_MARK) if mark else 0
        scan_lines(np.frombuffer(part, np.uint8), skip, 0, _NO_CUT, state, none)
        yield part
    _, records, blank, _ = state.tolist()
    return int(records + 1 - blank)


def _counting_rows(chunks: Chunks, dialect: Dialect) -> Counting:
    return (yield from _tallying(chunks, dialect, MOST_RECORD_BYTES)).records


def _counting_texts(chunks: Chunks) -> Counting:
    records = 0
    for part in chunks:
        records = 1
        yield part
    return records


def _marked(parts: Chunks) -> Iterator[tuple[bytes | Damage, bool]]:
    """Yield chunks, and whether they begin the file; the first is long enough."""
    head: bytes | None = b""
    for part in parts:
        if head is None:
            yield part, False
        elif isinstance(part, Damage):
            yield head, True
            yield part, False
            return
        elif len(head) + len(part) < _PREAMBLE_BYTES:
            head += part
        else:
            yield head + part, True
            head = None
    if head is not None:
        yield head, True


def line_state() -> NDArray[np.int64]:
    """Lines, records, whether the current line is blank, start of the stretch."""
    return np.array([0, 0, 1, 0], np.int64)


@njit(nogil=True)
def scan_lines(
    data: Any, skip: Any, offset: Any, line_bytes: Any, state: Any, cuts: Any
) -> Any:
    """Update the state; write position, lines and records of each cut."""
    lines, records, blank, start = state[0], state[1], state[2], state[3]
    found = 0
    for position in range(skip, data.size):
        byte = data[position]
        if byte == _LINE_FEED:
            lines += 1
            records += 1 - blank
            blank = 1
            end = offset + position + 1
            if end - start >= line_bytes:
                cuts[found, 0] = end
                cuts[found, 1] = lines
                cuts[found, 2] = records
                found += 1
                start = end
        elif byte > 32 or (byte != 32 and byte != 9 and byte != 13):  # noqa: PLR1714, PLR2004
            blank = 0
    state[0], state[1], state[2], state[3] = lines, records, blank, start
    return found


def tally(parts: Chunks, dialect: Dialect, most: int = MOST_RECORD_BYTES) -> Tally:
    """Count the records of a delimited file by its line ends outside of quotes.

    The dialect names its delimiter. See `fields.parse` for `most`.
    """
    tallying = _tallying(parts, dialect, most)
    while True:
        try:
            next(tallying)
        except StopIteration as end:
            tallied: Tally = end.value
            return tallied


def _tallying(
    parts: Chunks, dialect: Dialect, most: int
) -> Generator[bytes | Damage, None, Tally]:
    """Hand on chunks; returns what they come to."""
    state, damaged = np.zeros(_SIZE, np.int64), 0
    kinds = byte_kinds(dialect)
    for part, first in _marked(parts):
        if isinstance(part, Damage):
            damaged = 1
            _break_off(state, most)
            yield part
            break
        begin = preamble(part)[0] if first else 0
        _tally(np.frombuffer(part, np.uint8)[begin:], kinds, most, state)
        yield part
    if not damaged:
        _end_of_file(state, most)
    return Tally(
        records=max(0, int(state[_RECORDS]) - 1) + damaged,
        malformed=int(state[_BAD]),
        misquoted=int(state[_MISQUOTED]),
        quoted=int(state[_QUOTES]),
        mixed=bool(state[_RETURNS] and state[_NEWLINES]),
    )


@njit(nogil=True)
def _tally(data: Any, kinds: Any, most: Any, state: Any) -> None:
    position = 0
    while position < data.size:
        place = state[_PLACE]
        calm = state[_ESCAPED] == 0 and state[_AFTER_RETURN] == 0
        if calm and place in (_BARE, _QUOTED):
            start = position
            while position < data.size and kinds[data[position]] == ORDINARY:
                position += 1
            if position > start:
                state[_LENGTH] += position - start
                state[_LINE_FILLED] = 1
                state[_PENDING] = 0
            if position == data.size:
                break
        _step(state, kinds[data[position]], most)
        position += 1


@njit(nogil=True)
def _step(state: Any, kind: Any, most: Any) -> None:
    """Take one byte."""
    state[_LENGTH] += 1
    ends_line = kind in (NEWLINE, RETURN)
    state[_PENDING] *= kind == RETURN
    if state[_AFTER_RETURN]:
        if kind == NEWLINE:
            state[_NEWLINES] += 1
            state[_AFTER_RETURN] = state[_LENGTH] = 0
            return
        if kind != RETURN:
            state[_AFTER_RETURN] = 0
            state[_RETURNS] += 1
    if state[_ESCAPED] or kind == ESCAPE:
        state[_PENDING] = 0
        state[_ESCAPED] = 1 - state[_ESCAPED]
        _content(state, most)
    elif state[_PLACE] == _QUOTED and not (ends_line and state[_LINEWISE]):
        if kind == QUOTE:
            state[_PLACE] = _AT_QUOTE
        if ends_line:
            state[_LINES] += state[_LINE_FILLED]
        if kind == RETURN:
            state[_PENDING] |= state[_LINE_FILLED]
        state[_LINE_FILLED] = not ends_line
    else:
        _outside(state, kind, most)


@njit(nogil=True)
def _outside(state: Any, kind: Any, most: Any) -> None:
    """Take one byte that is not within quotes, as far as the byte before told."""
    if kind in (NEWLINE, RETURN):
        _close(state, most)
        if kind == RETURN:
            state[_PENDING] |= state[_FILLED]
        _end_of_record(state)
        state[_AFTER_RETURN] = kind == RETURN
        state[_NEWLINES] += kind == NEWLINE
    elif kind == DELIMITER:
        _close(state, most)
        state[_FILLED] = 1
        state[_FIELDS] += 1
        state[_PLACE] = _BEFORE
    elif kind == QUOTE and (state[_PLACE] == _AT_QUOTE or _opens(state, most)):
        state[_FILLED] = state[_LINE_FILLED] = 1
        state[_QUOTES] += state[_PLACE] == _BEFORE
        state[_PLACE] = _QUOTED
    else:
        _content(state, most)


@njit(nogil=True)
def _opens(state: Any, most: Any) -> Any:
    near = state[_LINEWISE] or state[_LENGTH] - 1 <= most
    return near and state[_PLACE] == _BEFORE


@njit(nogil=True)
def _content(state: Any, most: Any) -> None:
    """Take a byte that is content of a field, or the escape before it."""
    _close(state, most)
    state[_FILLED] = state[_LINE_FILLED] = 1
    if state[_PLACE] == _BEHIND:
        state[_FAULT] = 1
    if state[_PLACE] != _QUOTED:
        state[_PLACE] = _BARE


@njit(nogil=True)
def _close(state: Any, most: Any) -> None:
    """Leave the quoted field if the byte before was its closing quote."""
    if state[_PLACE] != _AT_QUOTE:
        return
    state[_PLACE] = _BEHIND
    if state[_LENGTH] - 2 > most and not state[_LINEWISE]:
        _never_closed(state)


@njit(nogil=True)
def _never_closed(state: Any) -> None:
    """Take the lines inside of a quoted field for records."""
    state[_LINEWISE] = state[_FAULT] = 1
    state[_RECORDS] += state[_LINES]
    state[_BAD] += state[_LINES]
    state[_MISQUOTED] += state[_LINES]
    state[_FILLED], state[_PLACE] = state[_LINE_FILLED], _BARE


@njit(nogil=True)
def _break_off(state: Any, most: Any) -> None:
    """Leave the record that damage broke off uncounted; a return may not be its end."""
    unsure = state[_ESCAPED] or state[_PLACE] == _AT_QUOTE
    if state[_PLACE] not in (_QUOTED, _AT_QUOTE) or state[_LINEWISE]:
        state[_RECORDS] -= state[_PENDING]
    elif state[_LENGTH] - unsure > most:
        state[_RECORDS] += state[_LINES] - state[_PENDING]


@njit(nogil=True)
def _end_of_record(state: Any) -> None:
    if state[_PLACE] == _QUOTED:
        state[_FAULT] = 1
    if state[_FILLED]:
        state[_RECORDS] += 1
        if state[_RECORDS] == 1:
            state[_WIDTH] = state[_FIELDS]
        state[_BAD] += state[_FAULT] or state[_FIELDS] != state[_WIDTH]
        state[_MISQUOTED] += state[_FAULT]
    state[_PLACE] = _BEFORE
    state[_FIELDS] = state[_FILLED] = state[_FAULT] = state[_LENGTH] = 0
    state[_LINES] = state[_LINE_FILLED] = 0


@njit(nogil=True)
def _end_of_file(state: Any, most: Any) -> None:
    state[_RETURNS] += state[_AFTER_RETURN]
    state[_LENGTH] += 1
    _close(state, most)
    if state[_PLACE] == _QUOTED and not state[_LINEWISE]:
        _never_closed(state)
    _end_of_record(state)

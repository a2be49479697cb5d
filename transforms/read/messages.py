"""The messages of Arrow IPC by their headers: nothing is decompressed.

A compressed buffer begins with the size that it has once it is decompressed. Headers
are flatbuffers (`Message.fbs` and `File.fbs` of the Arrow format).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

FILE_MAGIC = b"ARROW1"
_DICTIONARY, _BATCH = 2, 3
_CODECS = ("LZ4_FRAME", "ZSTD")
_MOST_HEADER = 64 * 2**20


class Packed(NamedTuple):
    """A buffer: where its compressed bytes lie in the file, and its size without."""

    start: int
    size: int
    bytes: int
    codec: str


class Message(NamedTuple):
    """A record batch or a dictionary, whose header begins at `start` in the file.

    Of its compressed buffers there is, by number, what they hold, and where in the
    header their stored size stands.
    """

    is_dictionary: bool
    start: int
    header: bytes
    packed: dict[int, Packed]
    places: dict[int, int]

    def without(self, buffers: set[int]) -> bytes:
        """The header of a message that has no such buffers."""
        header = bytearray(self.header)
        for number in buffers:
            struct.pack_into("<q", header, self.places[number], 0)
        return bytes(header)


def messages(file: pa.NativeFile) -> Iterator[Message]:
    """Yield dictionaries and record batches, in order, up to one that is damaged."""
    try:
        for start in _starts(file):
            found = _message(file, start)
            if found:
                yield found
    except (struct.error, IndexError):
        return


def _starts(file: pa.NativeFile) -> Iterator[int]:
    if file.read_at(len(FILE_MAGIC), 0) == FILE_MAGIC:
        end = file.size() - len(FILE_MAGIC) - 4
        size = struct.unpack("<i", file.read_at(4, end))[0]
        footer = file.read_at(min(max(size, 0), _MOST_HEADER), max(0, end - size))
        root = _integer("<I", footer, 0)
        for field in (2, 3):
            first, count = _vector(footer, root, field)
            for number in range(count):
                yield _integer("<q", footer, first + 24 * number)
        return
    place = 0
    while place < file.size():
        yield place
        place = _end(file, place)


def _end(file: pa.NativeFile, start: int) -> int:
    """Where a message and its body end."""
    at, header = _header(file, start)
    body = _field(header, _integer("<I", header, 0), 3)
    stop = at + len(header) + (_integer("<q", header, body) if body else 0)
    if not header or stop <= start:
        raise IndexError(start)
    return stop


def _header(file: pa.NativeFile, start: int) -> tuple[int, bytes]:
    """Where the header begins behind its size, and the header."""
    mark, size = struct.unpack("<ii", file.read_at(8, start))
    at = start + 8 if mark == -1 else start + 4
    size = size if mark == -1 else mark
    return at, file.read_at(min(max(size, 0), _MOST_HEADER), at)


def _message(file: pa.NativeFile, start: int) -> Message | None:
    at, header = _header(file, start)
    root = _integer("<I", header, 0)
    kind = _field(header, root, 1)
    if not kind or header[kind] not in (_DICTIONARY, _BATCH):
        return None
    is_dictionary = header[kind] == _DICTIONARY
    table = _table(header, root, 2)
    if is_dictionary:
        table = _table(header, table, 1)
    compression = _field(header, table, 3)
    packed, places = {}, {}
    if compression:
        codec = _field(header, compression + _integer("<I", header, compression), 0)
        name = _CODECS[header[codec] if codec else 0]
        first, count = _vector(header, table, 2)
        for number in range(count):
            place, size = struct.unpack_from("<qq", header, first + 16 * number)
            begin = at + len(header) + place
            if size > 8:  # noqa: PLR2004 - the size that comes first
                (whole,) = struct.unpack("<q", file.read_at(8, begin))
                packed[number] = Packed(begin + 8, size - 8, whole, name)
                places[number] = first + 16 * number + 8
    return Message(is_dictionary, at, header, packed, places)


def _field(data: bytes, table: int, number: int) -> int:
    """Where a field of a table is; 0 if it has none."""
    fields = table - _integer("<i", data, table)
    place = 4 + 2 * number
    if place >= _integer("<H", data, fields):
        return 0
    offset = _integer("<H", data, fields + place)
    return table + offset if offset else 0


def _table(data: bytes, table: int, number: int) -> int:
    place = _field(data, table, number)
    return place + _integer("<I", data, place)


def _vector(data: bytes, table: int, number: int) -> tuple[int, int]:
    place = _field(data, table, number)
    if not place:
        return 0, 0
    place += _integer("<I", data, place)
    return place + 4, _integer("<I", data, place)


def _integer(kind: str, data: bytes, place: int) -> int:
    value: int = struct.unpack_from(kind, data, place)[0]
    return value

"""The pages of a Parquet column by their headers: nothing is decompressed.

A page is the least that can be decompressed; its size is known before that is done.
Headers are structures of Thrift's compact protocol (`PageHeader` of parquet.thrift;
thrift/doc/specs/thrift-compact-protocol.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_HEADER_BYTES = 64 * 2**10
_BYTES, _PACKED = 2, 3
_DATA, _DICTIONARY, _DATA_V2 = 5, 7, 8
_VALUES = 1
_ENCODING = {_DATA: 2, _DATA_V2: 4}
_BY_DICTIONARY = (2, 8)


class Page(NamedTuple):
    """A page of `values`, nulls included, that are `bytes` once decompressed.

    It holds the dictionary, or values that are `coded` as places in it, or others.
    """

    values: int
    bytes: int
    is_dictionary: bool
    coded: bool


def pages(file: BinaryIO, chunk: pq.ColumnChunkMetaData) -> Iterator[Page]:
    """Yield the pages of a column chunk, in order, up to a header that is damaged."""
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        start = min(start, chunk.dictionary_page_offset)
    stop = start + chunk.total_compressed_size
    while start < stop:
        file.seek(start)
        try:
            header, length = _structure(file.read(_HEADER_BYTES), 0)
            kind = next(
                kind for kind in (_DATA, _DICTIONARY, _DATA_V2) if kind in header
            )
            coded = header[kind].get(_ENCODING.get(kind)) in _BY_DICTIONARY
            size = header[_BYTES]
            yield Page(header[kind][_VALUES], size, kind == _DICTIONARY, coded)
            start += length + header[_PACKED]
        except (LookupError, StopIteration):
            return


def _structure(data: bytes, place: int) -> tuple[dict[int, Any], int]:
    """Read a structure; its integers and structures by field, and where it ends."""
    fields: dict[int, Any] = {}
    field = 0
    while True:
        head = data[place]
        place += 1
        kind = head & 15
        if not kind:
            return fields, place
        if head >> 4:
            field += head >> 4
        else:
            field, place = _integer(data, place)
        if kind in (4, 5, 6):
            fields[field], place = _integer(data, place)
        elif kind == 12:  # noqa: PLR2004 - a structure
            fields[field], place = _structure(data, place)
        elif kind == 8:  # noqa: PLR2004 - bytes, such as a least value
            size, place = _natural(data, place)
            place += size
        elif kind in (3, 7):
            place += 1 if kind == 3 else 8  # noqa: PLR2004 - a byte, or a double
        elif kind > 2:  # noqa: PLR2004 - truth values have no body
            raise LookupError(kind)


def _natural(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:  # noqa: PLR2004 - the last one
            return value, place


def _integer(data: bytes, place: int) -> tuple[int, int]:
    value, place = _natural(data, place)
    return (value >> 1) ^ -(value & 1), place

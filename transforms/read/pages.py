"""The pages of a Parquet column by their headers: nothing is decompressed.

A page is the least that can be decompressed; its size is known before that is done.
Headers are structures of Thrift (`PageHeader` of parquet.thrift).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from isinglass.transforms.read.thrift import FAULTS, structure

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_HEADER_BYTES = 64 * 2**10
_BYTES, _PACKED, _CHECKSUM = 2, 3, 4
_DATA, _DICTIONARY, _DATA_V2 = 5, 7, 8
_VALUES = 1
_ENCODING = {_DATA: 2, _DATA_V2: 4, _DICTIONARY: 2}
_PLAIN, _BY_DICTIONARY = (0, 2), (2, 8)
_LEVELS_V2 = (5, 6)


class Page(NamedTuple):
    """A page of `values`, nulls included, that are `bytes` once decompressed.

    It holds the dictionary, or values that are `coded` as places in it, or others that
    are `plain` or not. Its header begins at `start` in the file, and from `data` to
    `stop` are its bytes as they are stored; `levels` of them stand before those that
    are compressed, -1 if those within tell.
    """

    values: int
    bytes: int
    is_dictionary: bool
    coded: bool
    plain: bool
    start: int
    data: int
    stop: int
    levels: int
    checksum: int | None
    header: dict[int, Any]


def pages(file: BinaryIO, chunk: pq.ColumnChunkMetaData) -> Iterator[Page]:
    """Yield the pages of a column chunk, in order, up to a header that is damaged."""
    start, stop = span(chunk)
    while start < stop:
        file.seek(start)
        try:
            header, length = structure(file.read(_HEADER_BYTES), 0)
            page = _page(header, start, start + length)
        except FAULTS:
            return
        if not start < page.data <= page.stop:
            return
        yield page
        start = page.stop


def span(chunk: pq.ColumnChunkMetaData) -> tuple[int, int]:
    """Where the pages of a column chunk begin and end in the file."""
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        start = min(start, chunk.dictionary_page_offset)
    return start, start + chunk.total_compressed_size


def _page(header: dict[int, Any], start: int, data: int) -> Page:
    kind = next(kind for kind in (_DATA, _DICTIONARY, _DATA_V2) if kind in header)
    encoding = header[kind].get(_ENCODING[kind])
    is_dictionary = kind == _DICTIONARY
    lengths = map(header[kind].__getitem__, _LEVELS_V2) if kind == _DATA_V2 else [-1]
    return Page(
        values=header[kind][_VALUES],
        bytes=header[_BYTES],
        is_dictionary=is_dictionary,
        coded=not is_dictionary and encoding in _BY_DICTIONARY,
        plain=encoding in _PLAIN[: 1 + is_dictionary],
        start=start,
        data=data,
        stop=data + header[_PACKED],
        levels=0 if is_dictionary else sum(lengths),
        checksum=header.get(_CHECKSUM),
        header=header,
    )


def with_sizes(page: Page, size: int, packed: int) -> bytes:
    """The header of a page with other data: so many bytes, of which so many stored.

    What it says of least and largest values and of a checksum is left out.
    """
    kept = {1: page.header[1], _BYTES: size, _PACKED: packed}
    for kind in (_DATA, _DICTIONARY, _DATA_V2):
        if kind in page.header:
            inner = page.header[kind].items()
            kept[kind] = {n: v for n, v in inner if not isinstance(v, dict)}
    return _written(kept)


def _written(fields: dict[int, Any]) -> bytes:
    """A structure of such fields, as `structure` reads it."""
    parts, last = [], 0
    for field, value in sorted(fields.items()):
        if isinstance(value, dict):
            kind, body = 12, _written(value)
        elif isinstance(value, bool):
            kind, body = 1 if value else 2, b""
        else:
            kind, body = 5, _written_integer(value)
        parts.append(bytes([(field - last) << 4 | kind]) + body)
        last = field
    return b"".join(parts) + b"\0"


def _written_integer(value: int) -> bytes:
    left, found = value << 1 if value >= 0 else ~(value << 1), bytearray()
    while left > 127:  # noqa: PLR2004 - seven bits a byte
        found.append(left & 127 | 128)
        left >>= 7
    return bytes([*found, left])

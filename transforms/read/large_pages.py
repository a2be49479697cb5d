"""Parquet pages that are too large to decode: read without their large values.

A page is the least that pyarrow decodes, up to 2 GiB of it. Where one is larger than
may be held, pyarrow is given the file with a stub in place of each large value of the
page. The values themselves are read from the page as a stream, a few at a time; of one
that is too long, only its beginning is.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.read.pages import Page, pages, span, with_sizes
from isinglass.transforms.read.patched import patched
from isinglass.transforms.read.sizes import decoded_bytes, head
from isinglass.transforms.read.unpacked import Stream, is_streamed, unpacked

if TYPE_CHECKING:
    import pyarrow.parquet as pq

MOST_DECODED = 256 * 2**20
"""Bytes that a batch or a page may become when it is decoded, before its texts are
looked at."""

_LEAST_LARGE = 1024
# No UTF-8, so that nobody takes it for a text; the page and the value in it.
_STUB = struct.Struct("<9sII")
_LENGTH = struct.Struct("<I")
_RUN_LENGTHS = 3
_LEVEL_ENCODINGS = (4, 3)


class TooLargeError(Exception):
    """A page cannot be decoded within bounds; the message says how large it is."""


class _Values(NamedTuple):
    """The large values of a page: where they begin and how large they are (n,)."""

    stream: Stream
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]


@dataclass(frozen=True)
class Shrunk:
    """A Parquet file with stubs of the large values of some pages.

    No value of the file is by chance or on purpose one of the stubs, since they begin
    with a hash of the file.
    """

    file: BinaryIO
    key: bytes
    names: frozenset[str]
    pages: tuple[_Values, ...]

    def sizes(self, batch: pa.RecordBatch) -> NDArray[np.int64]:
        """Bytes of the strings (n,) of each record that stubs may stand for."""
        total = np.zeros(batch.num_rows, np.int64)
        for name in self.names.intersection(batch.schema.names):
            sizes = decoded_bytes(batch.column(name))
            for row, page, index in self._stubs(batch.column(name)):
                sizes[row] = self.pages[page].sizes[index]
            total += sizes
        return total

    def head(self, batch: pa.RecordBatch, name: str, most: int) -> bytes | None:
        """The first bytes of the first text, at most so many; None if it is here."""
        for _, page, index in self._stubs(batch.column(name).slice(0, 1)):
            return self._value(page, index, most)
        return None

    def restored(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The records with values for stubs, all of which are held."""
        for name in self.names.intersection(batch.schema.names):
            column = batch.column(name)
            stubs = self._stubs(column)
            if not stubs:
                continue
            # In the order in which they lie in the file, which a dictionary's do not.
            wanted = sorted({(page, index) for _, page, index in stubs})
            found = {place: self._value(*place) for place in wanted}
            sizes = decoded_bytes(column).tolist()
            values = [head(column, row, size) for row, size in enumerate(sizes)]
            for row, page, index in stubs:
                values[row] = found[page, index]
            restored = pa.array(values, pa.large_binary())
            if _is_string(column.type):
                restored = restored.view(pa.large_string())
            place = batch.schema.names.index(name)
            batch = batch.set_column(place, name, restored)
        return batch

    def _value(self, page: int, index: int, most: int | None = None) -> bytes:
        stream, starts, sizes = self.pages[page]
        size = int(sizes[index])
        return stream.read(
            int(starts[index]), size if most is None else min(size, most)
        )

    def _stubs(self, column: pa.Array) -> list[tuple[int, int, int]]:
        """Row, page and place among its large values of each stub."""
        found = []
        for row in np.flatnonzero(decoded_bytes(column) == _STUB.size).tolist():
            value = head(column, row, _STUB.size) or b""
            if value.startswith(self.key):
                found.append((row, *_STUB.unpack(value)[1:]))
        return found


def _is_string(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        return _is_string(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return _is_string(kind.value_type)
    return kind in (pa.string(), pa.large_string(), pa.string_view())


class _Shrinking:
    """One row group of a file, column by column."""

    def __init__(self, file: pa.NativeFile, sha256: str, most: int) -> None:
        self.file, self.most = file, most
        self.key = b"\xff" + bytes.fromhex(sha256)[:8].ljust(8, b"\xff")
        self.values: list[_Values] = []
        self.parts: list[tuple[int, int | bytes]] = [(0, 0)]
        self.names: set[str] = set()

    def add(
        self, chunk: pq.ColumnChunkMetaData, schema: pq.ColumnSchema, *, flat: bool
    ) -> None:
        """Shrink the large pages of a column chunk, if there are any."""
        found = list(pages(patched(self.file), chunk))
        place, stop = span(chunk)
        parts: list[tuple[int, int | bytes]] = []
        for page in found:
            data = None
            if page.bytes > MOST_DECODED:
                data = self._shrunk(page, chunk, schema, flat=flat)
            parts.append((place, page.start if data is None else data))
            place += page.stop - page.start if data is None else len(data)
        if all(isinstance(part, int) for _, part in parts):
            return
        if place > stop:
            # Nothing but the same few words again and again is packed so well.
            raise TooLargeError(max(page.bytes for page in found))
        if place < stop:
            parts.append((place, place))
        self.parts += parts
        self.names.add(chunk.path_in_schema)

    def _shrunk(
        self,
        page: Page,
        chunk: pq.ColumnChunkMetaData,
        schema: pq.ColumnSchema,
        *,
        flat: bool,
    ) -> bytes | None:
        """A page with stubs; None where all of it may be decoded."""
        if chunk.physical_type != "BYTE_ARRAY" or page.coded:
            if page.bytes > 2 * MOST_DECODED:
                raise TooLargeError(page.bytes)
            return None
        if not page.plain or not is_streamed(chunk.compression):
            raise TooLargeError(page.bytes)
        self._require_checksum(page)
        codec, levels = chunk.compression, max(0, page.levels)
        if page.header.get(8, {}).get(7) is False:
            codec = "UNCOMPRESSED"
        begin, size = page.data + levels, page.stop - page.data - levels
        open_page = partial(unpacked, self.file, begin, size, codec)
        stream, whole = Stream(open_page), page.bytes - levels
        values = _large_values(stream, open_page(), _first(stream, page, schema), whole)
        left = whole - int(values.sizes.sum()) + _STUB.size * len(values.sizes)
        if not flat or left > MOST_DECODED:
            if len(values.sizes) and values.sizes.max() > self.most:
                raise TooLargeError(page.bytes)
            return None
        content = self._with_stubs(values, whole)
        self.values.append(values)
        before = self.file.read_at(levels, page.data)
        packed = content
        if codec != "UNCOMPRESSED":
            packed = pa.Codec(codec.lower()).compress(content, asbytes=True)
        header = with_sizes(page, levels + len(content), levels + len(packed))
        return bytes(header + before + packed)

    def _with_stubs(self, values: _Values, whole: int) -> bytes:
        number, place, parts = len(self.values), 0, []
        places = zip(values.starts.tolist(), values.sizes.tolist(), strict=True)
        for index, (start, size) in enumerate(places):
            parts.append(values.stream.read(place, start - _LENGTH.size - place))
            parts.append(_LENGTH.pack(_STUB.size) + _STUB.pack(self.key, number, index))
            place = start + size
        parts.append(values.stream.read(place, whole - place))
        return b"".join(parts)

    def _require_checksum(self, page: Page) -> None:
        if page.checksum is None:
            return
        found = 0
        for data in unpacked(
            self.file, page.data, page.stop - page.data, "UNCOMPRESSED"
        ):
            found = zlib.crc32(data, found)
        if found != page.checksum % 2**32:
            raise OSError("a page is not what its checksum says")


def shrunk(
    file: pa.NativeFile,
    sha256: str,
    opened: pq.ParquetFile,
    group: int,
    names: list[str],
    most: int,
) -> Shrunk | None:
    """Put stubs for the large values of a row group, where some page is too large.

    Columns are those of `names`; a value of more than `most` bytes is too long. None if
    all pages may be decoded.

    Raises:
        TooLargeError: A page is too large in which values cannot be told apart, or one
            of nested values holds one that is too long.
        OSError: A page is damaged.
    """
    shrinking = _Shrinking(file, sha256, most)
    metadata = opened.metadata.row_group(group)
    for index in range(metadata.num_columns):
        chunk = metadata.column(index)
        if chunk.total_uncompressed_size <= MOST_DECODED:
            continue
        path = chunk.path_in_schema
        if any(path == name or path.startswith(f"{name}.") for name in names):
            schema = opened.schema.column(index)
            flat = path in names and not schema.max_repetition_level
            shrinking.add(chunk, schema, flat=flat)
    if not shrinking.values:
        return None
    source = patched(file, sorted(shrinking.parts, key=itemgetter(0)))
    found = frozenset(shrinking.names)
    return Shrunk(source, shrinking.key, found, tuple(shrinking.values))


def _first(stream: Stream, page: Page, schema: pq.ColumnSchema) -> int:
    """Where the values begin in a page, behind its levels."""
    place = 0
    if page.levels < 0:
        levels = (schema.max_repetition_level, schema.max_definition_level)
        for most, field in zip(levels, _LEVEL_ENCODINGS, strict=True):
            if most and page.header[5].get(field) != _RUN_LENGTHS:
                raise TooLargeError(page.bytes)
            if most:
                length = stream.read(place, _LENGTH.size)
                place += _LENGTH.size + _LENGTH.unpack(length)[0]
    return place


def _large_values(
    stream: Stream, chunks: Iterator[bytes], first: int, whole: int
) -> _Values:
    """Find the large values of a page; an `OSError` if lengths lead out of it."""
    most = whole // _LEAST_LARGE + 1
    starts, sizes = np.zeros(most, np.int64), np.zeros(most, np.int64)
    # What is skipped first is no value.
    state = np.array([0, 0, 0, 0, first], np.int64)
    for chunk in chunks:
        if not _scan(np.frombuffer(chunk, np.uint8), state, starts, sizes, whole):
            break
    found, place, count, _, left = state.tolist()
    if place != whole or count or left:
        raise OSError("the lengths of values do not fit their page")
    return _Values(stream, starts[:found], sizes[:found])


@njit(nogil=True)
def _scan(data: Any, state: Any, starts: Any, sizes: Any, whole: Any) -> Any:
    """Walk over values; whether they lie within the page so far.

    State: large values, place, bytes that came of a length, that length, bytes left.
    """
    found, place, count, length, left = state
    position, fits = 0, True
    while position < data.size and fits:
        if left:
            step = min(left, data.size - position)
            position, left = position + step, left - step
            continue
        length |= np.int64(data[position]) << (8 * count)
        position, count = position + 1, count + 1
        if count == 4:  # noqa: PLR2004 - bytes of a length
            fits = place + position + length <= whole
            if length >= _LEAST_LARGE and fits:
                starts[found], sizes[found] = place + position, length
                found += 1
            left, length, count = length, np.int64(0), 0
    state[:] = np.array([found, place + position, count, length, left])
    return fits

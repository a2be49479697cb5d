"""Arrow batches that are too large to decompress: read without their large columns.

A batch is the least that pyarrow decompresses. Where one becomes larger than may be
held, it is given to pyarrow without the bytes of its columns of strings; the offsets of
these tell what is too long. The bytes are read as a stream, a few values at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.read.large_pages import MOST_DECODED, TooLargeError
from isinglass.transforms.read.messages import Message, messages
from isinglass.transforms.read.sizes import decoded_bytes
from isinglass.transforms.read.structure import require_structure
from isinglass.transforms.read.unpacked import Stream, unpacked

_LEAST_LARGE = 16 * 2**20
_MOST_OTHERS = 3 * MOST_DECODED
_NARROW, _WIDE = (pa.string(), pa.binary()), (pa.large_string(), pa.large_binary())


@dataclass(frozen=True)
class Emptied:
    """What a batch of `total` bytes lacks: the bytes of some columns of strings.

    Of a batch that cannot be decoded at all, `undecoded` says how large it would be;
    it has no values then.
    """

    streams: Mapping[str, tuple[Stream, int]]
    total: int
    undecoded: int = 0

    def require_structure(self, batch: pa.RecordBatch) -> None:
        """Raise as the function of this name does, also for the columns that lack."""
        require_structure(batch.drop_columns([*self.streams]))
        for name, (_, size) in self.streams.items():
            column = batch.column(name)
            valid, offsets, _ = column.buffers()
            if offsets is None or offsets.size < _width(column) * (len(column) + 1):
                raise ValueError("offsets are missing")
            if valid is not None and 8 * valid.size < len(column):
                raise ValueError("marks of nulls are missing")
            found = _offsets(column)
            if found[0] < 0 or found[-1] > size or (np.diff(found) < 0).any():
                raise ValueError("offsets lead out of the values")

    def sizes(self, batch: pa.RecordBatch) -> NDArray[np.int64]:
        """Bytes of the strings (n,) of each record that are still to be read."""
        sizes = [decoded_bytes(batch.column(name)) for name in self.streams]
        return sum(sizes, np.zeros(batch.num_rows, np.int64))

    def head(self, batch: pa.RecordBatch, name: str, most: int) -> bytes | None:
        """The first bytes of the first text, at most so many; None if it is here."""
        if name not in self.streams:
            return None
        start, stop = _offsets(batch.column(name))[:2].tolist()
        return self.streams[name][0].read(start, min(most, stop - start))

    def restored(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The records with all values, all of which are held."""
        for name, (stream, _) in self.streams.items():
            column = batch.column(name)
            offsets = _offsets(column)
            data = stream.read(int(offsets[0]), int(offsets[-1] - offsets[0]))
            valid = np.packbits(np.asarray(column.is_valid()), bitorder="little")
            buffers = [valid, offsets - offsets[0], data]
            kind = pa.large_string() if _is_text(column.type) else pa.large_binary()
            whole = pa.Array.from_buffers(
                kind, len(column), list(map(pa.py_buffer, buffers))
            )
            batch = batch.set_column(batch.schema.names.index(name), name, whole)
        return batch


def emptied(
    file: pa.NativeFile, schema: pa.Schema
) -> tuple[list[tuple[int, int | bytes]], dict[int, Emptied]]:
    """Look for large batches: the file without their large columns, and what they lack.

    The file is in parts, as of `patched`; what batches lack is by their numbers. A
    `TooLargeError` says that a dictionary cannot be decoded within bounds.
    """
    columns, number = _data_buffers(schema), -1
    parts: list[tuple[int, int | bytes]] = [(0, 0)]
    found: dict[int, Emptied] = {}
    for message in messages(file):
        number += not message.is_dictionary
        whole = sum(max(0, one.bytes) for one in message.packed.values())
        if whole <= MOST_DECODED:
            continue
        if message.is_dictionary:
            if whole > _MOST_OTHERS:
                raise TooLargeError(whole)
            continue
        large = {n for n, one in message.packed.items() if one.bytes > _LEAST_LARGE}
        left = whole - sum(message.packed[n].bytes for n in large & columns.keys())
        if left <= _MOST_OTHERS:
            large, left = large & columns.keys(), 0
        stop = message.start + len(message.header)
        parts += [(message.start, message.without(large)), (stop, stop)]
        streams = {columns[n]: _stream(file, message, n) for n in large if not left}
        found[number] = Emptied(streams, whole, left)
    return parts, found


def _stream(file: pa.NativeFile, message: Message, number: int) -> tuple[Stream, int]:
    packed = message.packed[number]
    begin = partial(unpacked, file, packed.start, packed.size, packed.codec)
    return Stream(begin), packed.bytes


def _data_buffers(schema: pa.Schema) -> dict[int, str]:
    """The columns that are strings, by the number of the buffer of their bytes.

    Those behind a column of which it is not known how many buffers it has are left out.
    """
    found, number = {}, 0
    for field in schema:
        kind = field.type
        if isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
        if kind in (*_NARROW, *_WIDE):
            found[number + 2] = field.name
        count = _buffers(kind)
        if count is None:
            break
        number += count
    return found


def _buffers(kind: pa.DataType) -> int | None:
    """How many buffers a column of this type has; None if that is not known."""
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _buffers(kind.storage_type)
    if types.is_null(kind) or kind in (*_NARROW, *_WIDE):
        return 0 if types.is_null(kind) else 3
    fixed = (types.is_primitive, types.is_dictionary, types.is_decimal)
    if any(is_kind(kind) for is_kind in (*fixed, types.is_fixed_size_binary)):
        return 2
    known = [_buffers(one) for one in _inner(kind)]
    if not known or None in known:
        return None
    own = 1 if types.is_struct(kind) or types.is_fixed_size_list(kind) else 2
    return own + sum(count or 0 for count in known)


def _inner(kind: pa.DataType) -> Iterator[pa.DataType]:
    types = pa.types
    if types.is_struct(kind):
        yield from (field.type for field in kind)
    elif types.is_map(kind):
        yield pa.struct([kind.key_field, kind.item_field])
    elif (
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
    ):
        yield kind.value_type


def _width(column: pa.Array) -> int:
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return 4 if kind in _NARROW else 8


def _is_text(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return kind in (pa.string(), pa.large_string())


def _offsets(column: pa.Array) -> NDArray[np.int64]:
    """Where values begin and end (n + 1)."""
    kind = np.int32 if _width(column) == 4 else np.int64  # noqa: PLR2004
    offsets = np.frombuffer(column.buffers()[1], kind)
    return offsets[column.offset : column.offset + len(column) + 1].astype(np.int64)

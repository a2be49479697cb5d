"""How large strings are once they are decoded, told without decoding them.

A dictionary, runs and views name one string many times; decoded, each is a copy.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def decoded_bytes(column: pa.Array) -> NDArray[np.int64]:
    """Return the bytes of each string (n,); 0 for a null and for other types."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return decoded_bytes(column.storage)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        values, places = encoded(column)
        # One more for nulls, which are at place -1.
        sizes = np.append(decoded_bytes(values), 0)
        return np.asarray(sizes[places], np.int64)
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        # A view of 16 bytes begins with the length.
        views = np.frombuffer(column.buffers()[1], np.int32).reshape(-1, 4)
        sizes = views[column.offset : column.offset + len(column), 0].astype(np.int64)
        sizes[np.asarray(column.is_null())] = 0
        return sizes
    if _has_offsets(kind):
        return np.array(pc.binary_length(column).cast(pa.int64()).fill_null(0))
    return np.zeros(len(column), np.int64)


def head(column: pa.Array, row: int, most: int) -> bytes | None:
    """Return the first bytes of one string, at most so many; None for a null."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return head(column.storage, row, most)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        values, places = encoded(column.slice(row, 1))
        return None if places[0] < 0 else head(values, int(places[0]), most)
    if not _has_offsets(kind):
        value = column[row].as_buffer() if column[row].is_valid else None
        return None if value is None else bytes(value[:most])
    # Not by a scalar, which is a copy of all of it.
    size = "int32" if kind in (pa.string(), pa.binary()) else "int64"
    place = column.offset + row
    start, stop = np.frombuffer(column.buffers()[1], size)[place : place + 2].tolist()
    if column.slice(row, 1).null_count:
        return None
    data = column.buffers()[2]
    return bytes(data[start : min(stop, start + most)]) if stop > start else b""


def encoded(column: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return values of dictionary or runs, and places (n,) in them; -1 for a null."""
    if pa.types.is_dictionary(column.type):
        places = column.indices.cast(pa.int64()).fill_null(-1)
        return column.dictionary, np.asarray(places)
    rows = column.offset + np.arange(len(column))
    return column.values, np.searchsorted(np.asarray(column.run_ends), rows, "right")


def _has_offsets(kind: pa.DataType) -> bool:
    types = (pa.string(), pa.binary(), pa.large_string(), pa.large_binary())
    return kind in types

"""Bytes that stand for a text or a number -> text that shows all of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.transforms.read.checks import is_valid

_UUID_BYTES = 16
_UUID_TEXT = 36
_HYPHENS = (8, 13, 18, 23)


def octet_texts(column: pa.BinaryArray) -> pa.StringArray:
    """Each value as the text that it is, or in hex where it is no UTF-8."""
    texts = column.view(pa.string())
    if is_valid(texts):
        return texts
    shown = [None if value is None else _shown(value) for value in column.to_pylist()]
    return pa.array(shown, pa.string())


def _shown(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()


def uuid_texts(column: pa.FixedSizeBinaryArray) -> pa.StringArray:
    """UUIDs of 16 bytes in the usual form with hyphens, lower case (RFC 9562)."""
    count = len(column)
    if count == 0:
        return pa.array([], pa.string())
    filled = pc.fill_null(column, bytes(_UUID_BYTES)).cast(pa.binary())
    data, start = filled.buffers()[2], filled.offset * _UUID_BYTES
    digits = data.to_pybytes()[start : start + count * _UUID_BYTES].hex().encode()
    rows = np.full((count, _UUID_TEXT), ord("-"), np.uint8)
    places = np.setdiff1d(np.arange(_UUID_TEXT), _HYPHENS)
    rows[:, places] = np.frombuffer(digits, np.uint8).reshape(count, -1)
    offsets = np.arange(0, _UUID_TEXT * (count + 1), _UUID_TEXT, dtype=np.int32)
    texts = pa.StringArray.from_buffers(
        count, pa.py_buffer(offsets), pa.py_buffer(rows)
    )
    return pc.if_else(column.is_valid(), texts, pa.scalar(None, pa.string()))

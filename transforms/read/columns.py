"""Arrow columns as an input has them -> metadata and carried columns as planned."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.errors import InputError
from isinglass.transforms.read.batches import Origin, Part, Records, cut
from isinglass.transforms.read.checks import (
    HEAD_BYTES,
    LEAST_RECORD_BYTES,
    Rejection,
    as_string,
    is_text_type,
    most_record_bytes,
    reject_text,
    too_large,
)
from isinglass.transforms.read.class_labels import Names, class_names, name_labels
from isinglass.transforms.read.octets import octet_texts, uuid_texts
from isinglass.transforms.read.sizes import decoded_bytes, encoded, head
from isinglass.transforms.read.streams import changed
from isinglass.transforms.read.types import plain_type

MAX_DEPTH = 250
"""Levels of nesting that are written as JSON; orjson writes no more than 254."""

_INVALID = b"\xff"


def arrow_batches(origin: Origin, batch: pa.RecordBatch, row: int) -> Iterator[Part]:
    """Turn a record batch of any size, which begins at `row`, into document batches."""
    if origin.text not in batch.schema.names:
        raise changed(origin.relative, f"it has no column {origin.text} any more")
    batch = _with_text_ids(origin, batch)
    text = decoded_bytes(batch.column(origin.text))
    others = _other_bytes(origin, batch)
    lost = _too_large(origin, batch.column(origin.text), text, others)
    text[list(lost)] = [len(one.raw or b"") for one in lost.values()]
    for part in _cut(text, others):
        piece = batch.slice(part.start, part.stop - part.start)
        rows = np.arange(part.start, part.stop, dtype=np.int64)
        found = [lost[index] for index in rows.tolist() if index in lost]
        if found:
            left = ~np.isin(rows, [one.row for one in found])
            piece, rows = piece.filter(pa.array(left)), rows[left]
        numbered = [one._replace(row=row + one.row) for one in found]
        records = arrow_records(origin, piece, row + rows)
        yield Part(origin, records, tuple(numbered))


def _cut(text: NDArray[np.int64], others: NDArray[np.int64]) -> Iterator[slice]:
    """Cut by texts, and where other columns are very large, by those, too."""
    for part in cut(text):
        for inner in cut(others[part], LEAST_RECORD_BYTES):
            yield slice(part.start + inner.start, part.start + inner.stop)


def _other_bytes(origin: Origin, batch: pa.RecordBatch) -> NDArray[np.int64]:
    """Bytes of the strings (n,) of each record besides its text."""
    total = np.zeros(batch.num_rows, np.int64)
    wanted = {*origin.mapped.values(), *(name for _, name in origin.carried)}
    for name in wanted.intersection(batch.schema.names):
        total += decoded_bytes(batch.column(name))
    return total


def _too_large(
    origin: Origin,
    text: pa.Array,
    sizes: NDArray[np.int64],
    others: NDArray[np.int64],
) -> dict[int, Rejection]:
    """Find records that must not be decoded, and texts that a dictionary repeats.

    The latter are judged once for all rows; rows are counted from that of the batch.
    Of texts and of other columns there are bytes (n,), decoded.
    """
    most, whole = origin.layout.max_chars, sizes + others
    found = {}
    for row in np.flatnonzero(whole > most_record_bytes(most)).tolist():
        found[row] = too_large(row, int(whole[row]), head(text, row, HEAD_BYTES) or b"")
    if pa.types.is_dictionary(text.type):
        values, places = encoded(text)
        judged: dict[int, Rejection | None] = {}
        for row in np.flatnonzero(sizes > most).tolist():
            place = int(places[row])
            if row not in found and place not in judged:
                raw = head(values, place, int(sizes[row]))
                judged[place] = reject_text(row, raw, most)
            one = judged.get(place)
            if one is not None:
                found[row] = one._replace(row=row)
    return found


def _with_text_ids(origin: Origin, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Write ids that are bytes as text; in other columns no UTF-8 is damage."""
    name = origin.mapped.get("source_id")
    if name not in batch.schema.names:
        return batch
    column = plain(batch.column(name))
    if not (pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)):
        return batch
    texts = octet_texts(column.cast(pa.binary()))
    return batch.set_column(batch.schema.names.index(name), name, texts)


def arrow_records(
    origin: Origin, batch: pa.RecordBatch, rows: NDArray[np.int64]
) -> Records:
    """Pick and convert the columns of a record batch; see `to_type`."""
    names = set(batch.schema.names)
    labels = class_names(batch.schema)

    def read(name: str, wanted: pa.DataType) -> pa.Array:
        column = batch.column(name)
        if not pa.types.is_string(wanted):
            return to_type(plain(column), wanted, origin, name)
        return to_type(as_text(column, labels.get(name)), wanted, origin, name)

    metadata = {
        ours: read(theirs, pa.string())
        for ours, theirs in origin.mapped.items()
        if theirs in names
    }
    carried = {
        field.name: read(theirs, field.type)
        for field, theirs in origin.carried
        if theirs is not None and theirs in names
    }
    return Records(rows, plain(batch.column(origin.text)), metadata, carried)


def plain(column: pa.Array) -> pa.Array:
    """Return the column as `plain_type` says; 64-bit offsets may stay."""
    if isinstance(column.type, pa.BaseExtensionType):
        return plain(column.storage)
    if pa.types.is_dictionary(column.type):
        return plain(column.dictionary_decode())
    if pa.types.is_run_end_encoded(column.type):
        return plain(pc.run_end_decode(column))
    if pa.types.is_string_view(column.type):
        return as_string(column)
    if pa.types.is_binary_view(column.type):
        return column.cast(pa.large_binary())
    is_decimal = pa.types.is_decimal(column.type)
    return column.cast(plain_type(column.type)) if is_decimal else column


def as_text(column: pa.Array, labels: Names | None = None) -> pa.Array:
    """Return a column, where text is wanted, as something that becomes it by a cast.

    UUIDs and bytes of a fixed size show all their bytes, labels are named, and NaN,
    which is how pandas writes that there is no value, is null.
    """
    if pa.types.is_dictionary(column.type):
        return as_text(column.dictionary_decode(), labels)
    if isinstance(column.type, pa.UuidType):
        return uuid_texts(column.storage)
    column = plain(column)
    if labels is not None and pa.types.is_integer(column.type):
        return name_labels(column, labels)
    if pa.types.is_fixed_size_binary(column.type):
        return octet_texts(column.cast(pa.binary()))
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column


def to_type(
    column: pa.Array, wanted: pa.DataType, origin: Origin, name: str
) -> pa.Array:
    """Convert a column that is `plain`; a value that does not fit is refused.

    Nested values become JSON where a string is wanted.
    """
    if column.type == wanted:
        return column
    if pa.types.is_string(wanted):
        if is_text_type(column.type):
            return as_string(column)
        if pa.types.is_nested(column.type):
            return json_column(column)
    try:
        return column.cast(wanted)
    except pa.ArrowNotImplementedError:
        texts = [None if v is None else str(v) for v in column.to_pylist()]
        return pa.array(texts, wanted)
    except pa.ArrowInvalid:
        # An integer beyond 2^53 beside fractions of another file: the nearest double.
        if pa.types.is_integer(column.type) and pa.types.is_floating(wanted):
            return column.cast(wanted, safe=False)
        raise InputError(
            f"{origin.relative}: column {name} holds a {column.type} that does not fit "
            f"{wanted}, the type this column has over all inputs. Convert the column, "
            "or process these files in a run of their own."
        ) from None


def json_column(column: pa.Array) -> pa.StringArray:
    """Return nested values as JSON; null stays null.

    A map is a list of pairs, since it may hold a key twice and keys of any type.

    A value that holds invalid UTF-8 becomes an invalid string, by which the check of
    all columns finds its record.
    """
    values: list[bytes | None] = []
    for value in column:
        try:
            inner = value.as_py()
        except UnicodeDecodeError:
            values.append(_INVALID)
        else:
            values.append(None if inner is None else json_text(inner).encode())
    return pa.array(values, pa.binary()).view(pa.string())


def json_text(value: object) -> str:
    """A value as JSON with sorted keys; what JSON has no form for, as text.

    What is nested deeper than `MAX_DEPTH` is a `RecursionError`.
    """
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(value, default=_fallback, option=options).decode()
    except orjson.JSONEncodeError:
        if is_too_deep(value):
            raise RecursionError(f"nested deeper than {MAX_DEPTH}") from None
        # Integers of more than 64 bits, which only the standard library writes.
        return json.dumps(
            value,
            default=_fallback,
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )


def is_too_deep(value: object) -> bool:
    """Tell whether lists and dicts are nested deeper than `MAX_DEPTH`."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if not inner:
            return False
        level = inner
    return True


def _fallback(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)

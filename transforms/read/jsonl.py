r"""JSON lines: one object a line, plain or compressed.

A block of lines is parsed line by line in compiled code (orjson). Only a line that
orjson refuses is looked at again, by the standard library, to name what is wrong with
it, or to accept what Python writes and orjson does not read (NaN, a byte order mark).

Lines are numbered from 0, blank ones included, so that the ids of records do not depend
on how blank lines are counted; a blank line is not a record. A line with an integer of
19 digits or more is read by the standard library, since orjson makes the nearest double
of one of more than 64 bits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa

from isinglass.schemas.documents import Piece
from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.compiled import njit
from isinglass.transforms.read.batches import (
    Origin,
    Part,
    Records,
    cut,
    only_rejected,
)
from isinglass.transforms.read.checks import Rejection, most_record_bytes, too_large
from isinglass.transforms.read.columns import MAX_DEPTH, is_too_deep, json_text
from isinglass.transforms.read.streams import (
    BLANK,
    BYTE_ORDER_MARK,
    Damage,
    TooLong,
    blocks,
    split_lines,
)

if TYPE_CHECKING:
    Parsed = list[tuple[int, dict[str, Any], bytes]]

_HALF_PAIR = "an escape names half of a surrogate pair"
_TOO_DEEP = f"nested deeper than {MAX_DEPTH}, or a number too long to read"
_LONG = 19
_BEFORE, _AFTER = np.zeros((2, 256), np.bool_)
_BEFORE[list(b"-:,[ \t\n")] = True
_AFTER[list(b",]} \t\r\n")] = True


def read_jsonl(
    origin: Origin, piece: Piece, content: Iterable[bytes | Damage]
) -> Iterator[Part]:
    """Read the lines of a piece, of which this is the content."""
    row = piece.first_row
    most = most_record_bytes(origin.layout.max_chars)
    for data, what in blocks(content, most):
        if isinstance(what, TooLong):
            if not what.blank:
                yield only_rejected(origin, too_large(row, what.bytes, data))
            row += 1
            continue
        if what is not None:
            reason = QuarantineReason.TRUNCATED_FILE
            yield only_rejected(origin, Rejection(row, reason, what.detail, data))
            return
        lines = split_lines(data.removeprefix(BYTE_ORDER_MARK) if not row else data)
        sizes = np.fromiter(map(len, lines), np.int64, len(lines))
        for part in cut(sizes):
            parsed, rejections = parse_lines(lines[part], row + part.start)
            if parsed or rejections:
                records, unfit = _records(origin, parsed)
                yield Part(origin, records, (*rejections, *unfit))
        row += len(lines)


def parse_lines(lines: list[bytes], row: int) -> tuple[Parsed, list[Rejection]]:
    """Parse lines, the first of which has the number `row`: objects, and others."""
    if _has_long_integer(b"\n".join(lines)):
        return _parse_one_by_one(lines, row)
    try:
        values = list(map(orjson.loads, lines))
    except orjson.JSONDecodeError:
        return _parse_one_by_one(lines, row)
    if set(map(type, values)) <= {dict}:
        return list(zip(count(row), values, lines, strict=False)), []
    return _parse_one_by_one(lines, row)


def _has_long_integer(data: bytes) -> bool:
    """Whether there may be an integer of 19 digits or more.

    One that stands in a string costs time and changes nothing.
    """
    return bool(_find_long(np.frombuffer(data, np.uint8), _LONG, _BEFORE, _AFTER))


@njit(nogil=True)
def _find_long(data: Any, least: Any, before: Any, after: Any) -> Any:
    """Find a run of at least so many digits; looks at one byte in as many."""
    position = least - 1
    while position < data.size:
        start = stop = position
        while start >= 0 and 48 <= data[start] <= 57:  # noqa: PLR2004
            start -= 1
        while stop < data.size and 48 <= data[stop] <= 57:  # noqa: PLR2004
            stop += 1
        if stop - start > least:
            begins = start < 0 or before[data[start]]
            if begins and (stop == data.size or after[data[stop]]):
                return True
        position = stop + least
    return False


def _parse_one_by_one(lines: list[bytes], row: int) -> tuple[Parsed, list[Rejection]]:
    parsed: Parsed = []
    rejections: list[Rejection] = []
    for number, line in enumerate(lines, row):
        if not line.strip(BLANK):
            continue
        value = _parse_line(line)
        if isinstance(value, dict):
            parsed.append((number, value, line))
        else:
            rejections.append(Rejection(number, *value, line))
    return parsed, rejections


def _parse_line(line: bytes) -> dict[str, Any] | tuple[QuarantineReason, str]:
    """Parse one line that is not blank, or say why it is no record."""
    try:
        value = orjson.loads(line)
        if _has_long_integer(line):
            value = _parse_again(line)
    except orjson.JSONDecodeError:
        value = _parse_again(line)
    if isinstance(value, dict | tuple):
        return value
    return QuarantineReason.NOT_AN_OBJECT, f"a JSON {_json_kind(value)}"


def _parse_again(line: bytes) -> Any:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return QuarantineReason.INVALID_UTF8, f"byte {error.start} of the line"
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        # A place, and nothing of the line.
        detail = f"no JSON from character {error.pos} on"
        return QuarantineReason.MALFORMED_RECORD, detail
    except (RecursionError, ValueError):
        return QuarantineReason.MALFORMED_RECORD, _TOO_DEEP
    if is_too_deep(value):
        return QuarantineReason.MALFORMED_RECORD, _TOO_DEEP
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return QuarantineReason.LONE_SURROGATE, _HALF_PAIR
    return value


def _json_kind(value: Any) -> str:
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    if isinstance(value, str):
        return "string"
    return "number or literal"


def _records(origin: Origin, parsed: Parsed) -> tuple[Records, list[Rejection]]:
    """Turn objects into columns; those that cannot be turned are set aside."""
    values = [value for _, value, _ in parsed]
    texts = [value.get(origin.text) for value in values]
    try:
        text = pa.array(texts, pa.string())
        metadata, carried = _columns(origin, values)
    except (pa.ArrowTypeError, RecursionError):
        return _without_unfit(origin, parsed)
    rows = np.array([row for row, _, _ in parsed], np.int64)
    lines = [line for _, _, line in parsed]
    return Records(rows, text, metadata, carried, lines), []


def _without_unfit(origin: Origin, parsed: Parsed) -> tuple[Records, list[Rejection]]:
    kept: Parsed = []
    rejections: list[Rejection] = []
    for row, value, line in parsed:
        text = value.get(origin.text)
        if isinstance(text, float) and math.isnan(text):
            kept.append((row, value | {origin.text: None}, line))
        elif not isinstance(text, str | None):
            reason = QuarantineReason.WRONG_TYPE
            detail = f"the text is a JSON {_json_kind(text)}"
            rejections.append(Rejection(row, reason, detail, line))
        elif is_too_deep(value):
            reason = QuarantineReason.MALFORMED_RECORD
            rejections.append(Rejection(row, reason, _TOO_DEEP, line))
        else:
            kept.append((row, value, line))
    records, _ = _records(origin, kept)
    return records, rejections


def _columns(
    origin: Origin, values: list[dict[str, Any]]
) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
    """Return metadata and carried columns, the column of unplanned keys included."""
    unfit: dict[int, dict[str, Any]] = {}
    metadata: dict[str, pa.Array] = {}
    carried: dict[str, pa.Array] = {}
    known = {origin.text}
    present: set[str] = set().union(*values)
    for ours, theirs in origin.mapped.items():
        known.add(theirs)
        if theirs in present:
            column = [value.get(theirs) for value in values]
            metadata[ours] = _metadata_column(column, theirs, unfit)
    for field, name in origin.carried:
        if name is not None:
            known.add(name)
            if name in present:
                column = [value.get(name) for value in values]
                carried[field.name] = _carried_column(column, field, name, unfit)
    for extra in origin.extra:
        carried[extra] = _extra(values, present - known, unfit)
    return metadata, carried


def _metadata_column(
    column: list[Any], name: str, unfit: dict[int, dict[str, Any]]
) -> pa.StringArray:
    if {list, dict} & set(map(type, column)):
        for i, value in enumerate(column):
            if isinstance(value, list | dict):
                unfit.setdefault(i, {})[name] = value
                column[i] = None
    return _as_texts(column, pa.string())


def _as_texts(column: list[Any], data_type: pa.DataType) -> pa.Array:
    try:
        return pa.array(column, data_type)
    except pa.ArrowTypeError:
        return pa.array(list(map(_as_text, column)), data_type)


def _as_text(value: Any) -> str | None:
    """A JSON value as text; NaN is no value, and infinity has no form in JSON."""
    if isinstance(value, str | None):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return json_text(value)


def _carried_column(
    column: list[Any], field: pa.Field, name: str, unfit: dict[int, dict[str, Any]]
) -> pa.Array:
    """Convert values; one that does not fit the planned type goes to `unfit`."""
    if pa.types.is_string(field.type) or pa.types.is_binary(field.type):
        return _as_texts(column, field.type)
    allowed = _python_types(field.type)
    if set(map(type, column)) <= allowed:
        try:
            return pa.array(column, field.type)
        except (pa.ArrowInvalid, OverflowError):
            pass
    for i, value in enumerate(column):
        try:
            fits = type(value) in allowed
            pa.scalar(value if fits else None, field.type)
        except (pa.ArrowInvalid, OverflowError):
            fits = False
        if not fits:
            unfit.setdefault(i, {})[name] = value
            column[i] = None
    return pa.array(column, field.type)


def _python_types(data_type: pa.DataType) -> set[type]:
    """Return the types of JSON values that a column takes as they are."""
    if pa.types.is_integer(data_type):
        return {int, type(None)}
    if pa.types.is_floating(data_type) or pa.types.is_decimal(data_type):
        return {int, float, type(None)}
    if pa.types.is_boolean(data_type):
        return {bool, type(None)}
    return {type(None)}


def _extra(
    values: list[dict[str, Any]], unknown: set[str], unfit: dict[int, dict[str, Any]]
) -> pa.StringArray:
    """Return what no column takes, as one JSON object a record; mostly null."""
    if unknown:
        for i, value in enumerate(values):
            left = {key: value[key] for key in unknown & value.keys()}
            if left:
                unfit.setdefault(i, {}).update(left)
    if not unfit:
        return pa.nulls(len(values), pa.string())
    objects = (unfit.get(i) for i in range(len(values)))
    return pa.array([None if o is None else json_text(o) for o in objects], pa.string())

"""Which texts can be processed: encoding, NUL, missing and over-long ones.

A batch in which all texts are sound passes four vectorised tests. Only a batch that
fails one of them is looked at row by row, to name the reason of each row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.text import string_buffers

HEAD_BYTES = 2**20
"""Bytes that are kept of a text or a record that is too long."""

LEAST_RECORD_BYTES = 64 * 2**20
"""A record of at most so many bytes is read before it is judged."""

# JSON may write a character beyond the first 65,536 as two escapes of six bytes.
_MOST_BYTES_PER_CHARACTER = 12
_ARROW_LIMIT = 2**31 - 1
_STRINGS = (pa.string(), pa.large_string(), pa.string_view())
_BYTES = (pa.binary(), pa.large_binary(), pa.binary_view())
_TEXT_TYPES = {pa.null(), *_STRINGS, *_BYTES}


class Rejection(NamedTuple):
    """One record that does not become a document.

    `row` is its number in its file, and of `check_texts` the place among the texts. The
    detail has nothing of the text; `raw` is what was in the input, None for nothing.
    """

    row: int
    reason: QuarantineReason
    detail: str
    raw: bytes | None


def most_record_bytes(max_chars: int) -> int:
    """Bytes from which on a record is too long without being looked at."""
    return max(LEAST_RECORD_BYTES, _MOST_BYTES_PER_CHARACTER * max_chars)


def too_large(row: int, size: int, head: bytes) -> Rejection:
    """The rejection of a record of `size` bytes, of which only the head was held."""
    head = head[:HEAD_BYTES]
    detail = f"{size} bytes, of which raw holds the first {len(head)}"
    return Rejection(row, QuarantineReason.TOO_LONG, detail, head)


class CheckedTexts(NamedTuple):
    """The sound texts (k,), which of all they are (n,), and why the others are not."""

    texts: pa.StringArray
    sound: NDArray[np.bool_]
    rejections: tuple[Rejection, ...]


def is_text_type(data_type: pa.DataType) -> bool:
    """Tell whether a column of this type can hold texts (strings or UTF-8 bytes)."""
    if pa.types.is_dictionary(data_type):
        data_type = data_type.value_type
    return data_type in _TEXT_TYPES


def as_string(column: pa.Array) -> pa.Array:
    """Return a column of texts as `string`, or as `large_string` if they do not fit.

    Its bytes are neither touched nor checked; `is_text_type` accepts its type.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_string(kind):
        return column
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_binary(kind):
        return column.view(pa.string())
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        # By way of bytes, since a cast of bytes to strings checks the encoding.
        column = column.cast(pa.binary_view()).cast(pa.large_binary())
        return as_string(column)
    if pa.types.is_large_binary(kind):
        column = column.view(pa.large_string())
    if column.nbytes > _ARROW_LIMIT:
        return column
    return column.cast(pa.string())


def is_valid(column: pa.Array) -> bool:
    """Tell whether all strings of a column, nested ones included, are valid UTF-8."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def invalid_rows(column: pa.Array) -> NDArray[np.bool_]:
    """Mark the rows of a column in which some string is not valid UTF-8."""
    if is_valid(column):
        return np.zeros(len(column), np.bool_)
    # `take` copies the row alone, so that its neighbours are not judged with it.
    rows = [not is_valid(column.take(pa.array([i]))) for i in range(len(column))]
    return np.array(rows, np.bool_)


def check_texts(column: pa.Array, max_chars: int) -> CheckedTexts:
    """Find the texts that cannot be processed, also for more than `max_chars` points.

    `is_text_type` accepts the type of the column; nulls are allowed.
    """
    column = as_string(column)
    if _all_sound(column, max_chars):
        return CheckedTexts(column, np.ones(len(column), np.bool_), ())
    octets = column.cast(pa.large_binary())
    found = tuple(
        rejection
        for index in range(len(octets))
        if (rejection := reject_text(index, octets[index].as_py(), max_chars))
        is not None
    )
    sound = np.ones(len(column), np.bool_)
    sound[[rejection.row for rejection in found]] = False
    return CheckedTexts(column.filter(pa.array(sound)).cast(pa.string()), sound, found)


def _all_sound(column: pa.Array, max_chars: int) -> bool:
    if column.null_count or not pa.types.is_string(column.type):
        return False
    if len(column) == 0:
        return True
    if not is_valid(column):
        return False
    data, offsets = string_buffers(column)
    if not data[offsets[0] : offsets[-1]].all():
        return False
    # A text has at most as many code points as bytes.
    if int(np.diff(offsets).max()) <= max_chars:
        return True
    return bool(pc.max(pc.utf8_length(column)).as_py() <= max_chars)


def reject_text(row: int, raw: bytes | None, max_chars: int) -> Rejection | None:
    """Say why a text cannot be processed; None for one that can."""
    if raw is None:
        return Rejection(row, QuarantineReason.MISSING_TEXT, "the text is null", None)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} of the text"
        return Rejection(row, QuarantineReason.INVALID_UTF8, detail, raw)
    position = text.find("\0")
    if position >= 0:
        detail = f"character {position} of the text"
        return Rejection(row, QuarantineReason.NUL_CHARACTER, detail, raw)
    if len(text) > max_chars:
        detail = f"{len(text)} characters, {max_chars} allowed"
        if len(raw) > HEAD_BYTES:
            detail += f"; raw holds the first {HEAD_BYTES} bytes"
        return Rejection(row, QuarantineReason.TOO_LONG, detail, raw[:HEAD_BYTES])
    return None

"""Texts out of a Parquet file, batch by batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATCH_ROWS = 2048
"""Rows read at a time: half a million tokens at 256 a document."""


@dataclass(frozen=True)
class Texts:
    """A column of texts that has been looked through once.

    Attributes:
        file: Parquet file.
        column: Name of the column.
        documents: How many of its rows count, from the first.
        bytes: Of their texts in UTF-8.
    """

    file: Path
    column: str
    documents: int
    bytes: int

    def batches(self, documents: int | None = None) -> Iterator[pa.StringArray]:
        """Read the texts anew, in order.

        Args:
            documents: Only the first so many.
        """
        left = min(documents or self.documents, self.documents)
        yield from _read(self.file, self.column, left)

    def first(self, documents: int) -> pa.StringArray:
        """The first texts in one array."""
        parts = list(self.batches(documents))
        return pa.concat_arrays(parts)


def open_texts(file: Path, column: str, documents: int | None) -> Texts:
    """Look through a column: its rows and bytes, and whether all of it is text.

    Args:
        file: Parquet file.
        column: A column of strings without nulls.
        documents: Only the first so many; None takes all.

    Raises:
        InputError: There is no such file or column, or no text, or a null.
    """
    rows, size = 0, 0
    for texts in _read(file, column, documents):
        if texts.null_count:
            msg = (
                f"{file}: column {column!r} has nulls, the first after row {rows:,}. "
                "Drop them, or fill them with empty texts."
            )
            raise InputError(msg)
        rows += len(texts)
        size += text_bytes(texts)
    if rows == 0:
        msg = f"{file} has no rows. Name a file with texts."
        raise InputError(msg)
    if size == 0:
        msg = f"{file}: all {rows:,} texts in column {column!r} are empty."
        raise InputError(msg)
    return Texts(file, column, rows, size)


def text_bytes(texts: pa.StringArray) -> int:
    """Bytes of texts in UTF-8."""
    return int(pc.sum(pc.binary_length(texts)).as_py() or 0)


def _read(file: Path, column: str, documents: int | None) -> Iterator[pa.StringArray]:
    with _open(file, column) as parquet:
        left = parquet.metadata.num_rows if documents is None else documents
        for batch in parquet.iter_batches(BATCH_ROWS, columns=[column]):
            if left <= 0:
                return
            texts = batch.column(0)
            if not pa.types.is_string(texts.type):
                texts = texts.cast(pa.string())
            texts = texts[: min(left, len(texts))]
            left -= len(texts)
            yield texts


def _open(file: Path, column: str) -> pq.ParquetFile:
    if not file.is_file():
        msg = f"{file} is not there. Name a Parquet file."
        raise InputError(msg)
    try:
        parquet = pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        msg = f"{file} cannot be read as Parquet. Name a Parquet file."
        raise InputError(msg) from error
    schema = parquet.schema_arrow
    if column not in schema.names:
        names = ", ".join(schema.names)
        msg = f"{file} has no column {column!r}; it has {names}. Give --column."
        raise InputError(msg)
    kind = schema.field(column).type
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_string(value) or pa.types.is_large_string(value)):
        msg = f"{file}: column {column!r} holds {kind}, not text. Give --column."
        raise InputError(msg)
    return parquet

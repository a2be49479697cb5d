"""Vectors as an Arrow column, and how many documents the encoder saw in part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from isinglass.schemas.errors import IsinglassError
from isinglass.schemas.tables import embeddings_schema
from isinglass.transforms.encode.outputs.rows import row_columns
from isinglass.transforms.write import Storage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

EmbeddingType = Literal["float32", "float16"]

FLOAT32_STORAGE = Storage(
    level=1,
    encodings=(("embedding.list.element", "BYTE_STREAM_SPLIT"),),
    statistics=("doc_id",),
)
"""The first bytes of all values side by side, then the second ones: those of sign and
exponent compress. A dictionary of vectors is larger than the vectors."""
HALF_STORAGE = Storage(level=1, statistics=("doc_id",))


def storage_of(dtype: EmbeddingType) -> Storage:
    """How `TableWriter` should lay out vectors of this type."""
    return FLOAT32_STORAGE if dtype == "float32" else HALF_STORAGE


def embeddings_batch(
    doc_ids: pa.StringArray,
    matrix: NDArray[np.float32],
    *,
    dtype: EmbeddingType = "float32",
    documents: NDArray[np.int64] | None = None,
) -> pa.RecordBatch:
    """Vectors as rows of `tables.embeddings_schema`.

    Args:
        doc_ids: One id a document.
        matrix: Shape (rows, dimensions): a vector a document, or a window.
        dtype: Type of the values as they are written.
        documents: The document of each row, ascending, where rows are windows.

    Raises:
        IsinglassError: A value is not a number, or too large for float16.
    """
    width = matrix.shape[1]
    if dtype == "float16":
        column: pa.Array = half_column(matrix)
    else:
        values = pa.array(np.ascontiguousarray(matrix, np.float32).reshape(-1))
        column = pa.FixedSizeListArray.from_arrays(values, width)
    schema = embeddings_schema(width, dtype=dtype, window=documents is not None)
    columns = [*row_columns(doc_ids, documents), column]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def half_column(
    matrix: NDArray[np.float32] | NDArray[np.float16],
) -> pa.FixedSizeBinaryArray:
    """The rows of a matrix as the bytes of their float16 values, little-endian.

    Raises:
        IsinglassError: A value is not a number, or too large for float16.
    """
    with np.errstate(over="ignore"):
        half = np.ascontiguousarray(matrix, "<f2")
    wrong = np.flatnonzero(~np.isfinite(half).all(axis=1))
    if len(wrong):
        msg = (
            f"{len(wrong)} of {len(matrix)} vectors, the first in row {wrong[0]}, hold "
            f"a value that is no number in float16, whose largest is "
            f"{np.finfo(np.float16).max:.0f}. Write float32, or encode in float32."
        )
        raise IsinglassError(msg)
    rows, width = matrix.shape
    buffers = [None, pa.py_buffer(half)]
    return pa.Array.from_buffers(pa.binary(2 * width), rows, buffers)


def truncated(tokens: TokenBatch, max_tokens: int) -> int:
    """How many documents have more than `max_tokens` tokens."""
    return int((np.diff(tokens.offsets) > max_tokens).sum())

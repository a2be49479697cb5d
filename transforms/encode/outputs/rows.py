"""Rows of encoded documents: whose they are, ids, vectors, how large they will be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers, Singles
from isinglass.schemas.errors import IsinglassError
from isinglass.schemas.tables import (
    embeddings_schema,
    hidden_states_schema,
    tokens_schema,
)
from isinglass.transforms.encode.batching import bounds
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, special_tokens_mask
from isinglass.transforms.write import ROW_GROUP_BYTES, Storage

if TYPE_CHECKING:
    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

LARGEST_OFFSET = 2**31 - 1


def row_columns(doc_ids: pa.StringArray, documents: Integers | None) -> list[pa.Array]:
    """The columns `doc_id` and, where rows are windows, `window`.

    `documents` is the document of each row, ascending, where rows are windows.
    """
    if documents is None:
        return [doc_ids]
    return [doc_ids.take(pa.array(documents)), pa.array(window_numbers(documents))]


def window_numbers(documents: Integers) -> NDArray[np.int32]:
    """Which window of its document each row is, from 0; `documents` ascend."""
    places = np.arange(len(documents))
    opens = np.ones(len(documents), bool)
    opens[1:] = documents[1:] != documents[:-1]
    first = np.maximum.accumulate(np.where(opens, places, 0))
    return (places - first).astype(np.int32)


def list_column(values: pa.Array, offsets: Integers) -> pa.ListArray:
    """A list a row, without copying the values.

    Raises:
        IsinglassError: There are more values than the column's offsets can count.
    """
    if offsets[-1] > LARGEST_OFFSET:
        raise IsinglassError(
            f"A batch of {offsets[-1]} values does not fit a list column, which holds "
            f"{LARGEST_OFFSET}. Write fewer documents at a time."
        )
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


def tokens_batch(
    doc_ids: pa.StringArray,
    tokens: TokenBatch,
    *,
    documents: Integers | None = None,
    masks: bool = False,
    word_ids: NDArray[np.int32] | None = None,
) -> pa.RecordBatch:
    """Documents or windows as rows of `tables.tokens_schema`.

    `documents` is the document of each row, ascending, where rows are windows. `masks`
    adds `special_tokens_mask`: 1 for the tokens that open and close a row. A special
    token that the text itself spells out is text, as it is for the library. `word_ids`
    (tokens,) is the word of each token in its document, negative for special tokens.
    Words are cut and windowed as ids are, by a `TokenBatch` that holds them as values.
    """
    columns = row_columns(doc_ids, documents)
    columns.append(list_column(pa.array(tokens.values), tokens.offsets))
    columns.append(pa.array(tokens.lengths.astype(np.int32)))
    if masks:
        mask = special_tokens_mask(tokens)
        columns.append(list_column(pa.array(mask), tokens.offsets))
    if word_ids is not None:
        words = pa.array(word_ids, pa.int32(), mask=word_ids < 0)
        columns.append(list_column(words, tokens.offsets))
    schema = tokens_schema(
        window=documents is not None, masks=masks, word_ids=word_ids is not None
    )
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def with_end(tokens: TokenBatch, end_id: int | None) -> TokenBatch:
    """Put an id behind every document, for training on text without a border.

    A document of no tokens stays empty, as in Megatron-LM's `tools/preprocess_data.py`.
    None changes nothing.
    """
    if end_id is None:
        return tokens
    filled = tokens.lengths > 0
    offsets = tokens.offsets.copy()
    offsets[1:] += np.cumsum(filled)
    values = np.empty(int(offsets[-1]), np.int32)
    ends = offsets[1:][filled] - 1
    text = np.ones(len(values), bool)
    text[ends] = False
    values[text] = tokens.values
    values[ends] = end_id
    return replace(tokens, values=values, offsets=offsets)


EmbeddingType = Literal["float32", "float16"]

FLOAT32_STORAGE = Storage(
    level=1,
    encodings=(("embedding.list.element", "BYTE_STREAM_SPLIT"),),
    statistics=("doc_id",),
)
"""The first bytes of all values side by side, then the second ones: those of sign and
exponent compress. A dictionary of vectors is larger than the vectors."""
HIDDEN_STORAGE = Storage(level=1, statistics=("doc_id",))


def storage_of(dtype: EmbeddingType) -> Storage:
    """How `TableWriter` should lay out vectors of this type."""
    return FLOAT32_STORAGE if dtype == "float32" else HIDDEN_STORAGE


def embeddings_batch(
    doc_ids: pa.StringArray,
    matrix: Singles,
    *,
    dtype: EmbeddingType = "float32",
    documents: Integers | None = None,
) -> pa.RecordBatch:
    """Vectors as rows of `tables.embeddings_schema`.

    The matrix (rows, dimensions) has a vector a document, or a window; `documents` is
    the document of each row, ascending, where rows are windows.
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


def half_column(matrix: Singles | NDArray[np.float16]) -> pa.FixedSizeBinaryArray:
    """The rows of a matrix as the bytes of their float16 values, little-endian.

    Raises:
        IsinglassError: A value is not a number, or too large for float16.
    """
    with np.errstate(over="ignore"):
        half = np.ascontiguousarray(matrix, "<f2")
    wrong = np.flatnonzero(~np.isfinite(half).all(axis=1))
    if len(wrong):
        raise IsinglassError(
            f"{len(wrong)} of {len(matrix)} vectors, the first in row {wrong[0]}, hold "
            f"a value that is no number in float16, whose largest is "
            f"{np.finfo(np.float16).max:.0f}. Write float32, or encode in float32."
        )
    rows, width = matrix.shape
    buffers = [None, pa.py_buffer(half)]
    return pa.Array.from_buffers(pa.binary(2 * width), rows, buffers)


def truncated(tokens: TokenBatch, max_tokens: int) -> int:
    """How many documents have more than `max_tokens` tokens."""
    return int((np.diff(tokens.offsets) > max_tokens).sum())


MILLION = 1_000_000


def hidden_batches(
    doc_ids: pa.StringArray,
    lengths: Integers,
    hidden: NDArray[np.float16],
    *,
    documents: Integers | None = None,
    most_bytes: int = ROW_GROUP_BYTES,
) -> Iterator[pa.RecordBatch]:
    """Hidden states as rows of `tables.hidden_states_schema`, in parts of bounded size.

    `lengths` (rows,) are the tokens of each row, `hidden` (sum of lengths, width) is in
    the order of the tokens, `documents` is as for `embeddings_batch`. A part has at
    most `most_bytes`; a longer row is a part of its own.
    """
    assert len(hidden) == lengths.sum()
    width = hidden.shape[1]
    offsets = np.append(0, np.cumsum(lengths))
    columns = [
        *row_columns(doc_ids, documents),
        pa.array(lengths.astype(np.int32)),
        list_column(half_column(hidden), offsets),
    ]
    schema = hidden_states_schema(width, window=documents is not None)
    whole = pa.RecordBatch.from_arrays(columns, schema=schema)
    for start, stop in pairwise(bounds(lengths, most_bytes // (2 * width))):
        yield whole.slice(start, stop - start)


def hidden_bytes(tokens: int, width: int) -> int:
    """Bytes of the hidden states of tokens, uncompressed: two for each value."""
    return tokens * width * 2


def hidden_warning(documents: int, tokens: int, width: int, text_bytes: int) -> str:
    """How large the hidden states of the tokens that the model sees will be."""
    size = hidden_bytes(tokens, width)
    times = f", {size / text_bytes:,.0f} times the text" if text_bytes else ""
    counted = f"{tokens / MILLION:,.1f} million" if tokens >= MILLION else f"{tokens:,}"
    return (
        f"last_hidden_state: {documents:,} documents, {counted} tokens x "
        f"{hidden_bytes(1, width):,} bytes = about {in_units(size)}{times}"
    )


def in_units(size: int) -> str:
    """Bytes in decimal units, e.g. `1.2 GB`."""
    units = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
    for factor, name in units:
        if size >= factor:
            return f"{size / factor:.1f} {name}"
    return f"{size} bytes"

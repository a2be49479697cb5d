"""The last hidden state of every token, and how large that will be."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.tables import hidden_states_schema
from isinglass.transforms.encode.batching import bounds
from isinglass.transforms.encode.outputs.embeddings import half_column
from isinglass.transforms.encode.outputs.rows import list_column, row_columns
from isinglass.transforms.write import ROW_GROUP_BYTES, Storage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

HIDDEN_STORAGE = Storage(level=1, statistics=("doc_id",))
MILLION = 1_000_000


def hidden_batches(
    doc_ids: pa.StringArray,
    lengths: NDArray[np.int64],
    hidden: NDArray[np.float16],
    *,
    documents: NDArray[np.int64] | None = None,
    most_bytes: int = ROW_GROUP_BYTES,
) -> Iterator[pa.RecordBatch]:
    """Hidden states as rows of `tables.hidden_states_schema`, in parts of bounded size.

    Args:
        doc_ids: One id a document.
        lengths: Tokens of each row, shape (rows,).
        hidden: Shape (sum of lengths, width), in the order of the tokens.
        documents: The document of each row, ascending, where rows are windows.
        most_bytes: Size of a part; a longer row is a part of its own.

    Raises:
        IsinglassError: A value is not a number, or too large for float16.
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

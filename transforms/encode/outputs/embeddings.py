"""Vectors as an Arrow column, and how many documents the encoder saw in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.transforms.encode.tokenizers.batch import TokenBatch


def embeddings_array(matrix: NDArray[np.float32]) -> pa.FixedSizeListArray:
    """The rows of a matrix as a fixed-size list column, without a copy where possible.

    Args:
        matrix: Shape (n, dimensions).

    Returns:
        The `embedding` column of `tables.embeddings_schema(dimensions)`.
    """
    rows, dimensions = matrix.shape
    values = pa.array(np.ascontiguousarray(matrix, np.float32).reshape(-1))
    column = pa.FixedSizeListArray.from_arrays(values, dimensions)
    assert len(column) == rows
    return column


def truncated(tokens: TokenBatch, max_tokens: int) -> int:
    """How many documents have more than `max_tokens` tokens."""
    return int((np.diff(tokens.offsets) > max_tokens).sum())

"""What every table of encoded documents has in common: which row is whose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.errors import IsinglassError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_OFFSET = 2**31 - 1


def row_columns(
    doc_ids: pa.StringArray, documents: NDArray[np.int64] | None
) -> list[pa.Array]:
    """The columns `doc_id` and, where rows are windows, `window`.

    `documents` is the document of each row, ascending, where rows are windows.
    """
    if documents is None:
        return [doc_ids]
    return [doc_ids.take(pa.array(documents)), pa.array(window_numbers(documents))]


def window_numbers(documents: NDArray[np.int64]) -> NDArray[np.int32]:
    """Which window of its document each row is, from 0; `documents` ascend."""
    places = np.arange(len(documents))
    opens = np.ones(len(documents), bool)
    opens[1:] = documents[1:] != documents[:-1]
    first = np.maximum.accumulate(np.where(opens, places, 0))
    return (places - first).astype(np.int32)


def list_column(values: pa.Array, offsets: NDArray[np.int64]) -> pa.ListArray:
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

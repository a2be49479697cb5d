"""Values in columns: strings and whole numbers, in lists and structs too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from isinglass.transforms.erase.search import ValueSearch


def rows_with_value(
    batch: pa.RecordBatch, search: ValueSearch, without: Sequence[str] = ()
) -> NDArray[np.int64]:
    """Rows of a batch that hold a value in a column, but for those it goes without."""
    names = [name for name in batch.schema.names if name not in without]
    found = [_rows(batch.column(name), search) for name in names]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *found]))


def _rows(column: Any, search: ValueSearch) -> NDArray[np.int64]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_struct(kind):
        parts = [_rows(part, search) for part in column.flatten()]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        parents = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
        inside = _rows(pc.list_flatten(column), search)
        return np.unique(np.asarray(parents, np.int64)[inside])
    if pa.types.is_large_string(kind) or pa.types.is_integer(kind):
        column = column.cast(pa.string())
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        column = _decoded(column)
    elif not pa.types.is_string(kind):
        return np.zeros(0, np.int64)
    return search.rows(column)


def _decoded(column: Any) -> pa.StringArray:
    """Bytes as texts; what is no UTF-8 is replaced."""
    values = column.to_pylist()
    texts = [None if v is None else v.decode("utf-8", "replace") for v in values]
    return pa.array(texts, pa.string())

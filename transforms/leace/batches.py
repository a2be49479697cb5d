"""The fold and the map over record batches with a column `embedding`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.arrays import Singles
from isinglass.schemas.errors import InputError
from isinglass.transforms.leace.moments import Moments, add

if TYPE_CHECKING:
    from isinglass.transforms.leace.eraser import Eraser

COLUMN = "embedding"


def add_batch(
    moments: Moments, batch: pa.RecordBatch, labels: Sequence[str]
) -> Moments:
    """Add the rows of a batch, with the columns of bools that are its labels.

    Raises:
        InputError: `embedding` is no list of fixed size of float32, or has a null.
    """
    flags = [
        batch.column(name).to_numpy(zero_copy_only=False).astype(bool)
        for name in labels
    ]
    return add(moments, vectors_of(batch), np.stack(flags, axis=1))


def erase_batch(batch: pa.RecordBatch, eraser: Eraser) -> pa.RecordBatch:
    """The batch with erased vectors; raises as `add_batch` does."""
    erased = eraser.apply(vectors_of(batch))
    place = batch.schema.get_field_index(COLUMN)
    return batch.set_column(place, batch.schema.field(place), list_column(erased))


def vectors_of(batch: pa.RecordBatch) -> Singles:
    """The vectors of a batch, (n, d); raises as `add_batch` does."""
    column = batch.column(COLUMN)
    kind = column.type
    if not pa.types.is_fixed_size_list(kind) or kind.value_type != pa.float32():
        raise InputError(
            f"{COLUMN} is of type {kind}. Give vectors as lists of fixed size of "
            "float32, as encode.embedding_type: float32 writes them."
        )
    if column.null_count:
        raise InputError(f"{COLUMN} has {column.null_count} nulls. Leave them out.")
    return np.asarray(column.flatten().to_numpy().reshape(-1, kind.list_size))


def list_column(matrix: Singles) -> pa.FixedSizeListArray:
    """Vectors as a column of lists of fixed size."""
    values = pa.array(np.ascontiguousarray(matrix, np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(values, matrix.shape[1])

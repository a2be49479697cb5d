"""Tables as single record batches."""

from __future__ import annotations

import pyarrow as pa


def one_batch(table: pa.Table) -> pa.RecordBatch:
    """All rows of a table as one record batch, an empty one included."""
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema)

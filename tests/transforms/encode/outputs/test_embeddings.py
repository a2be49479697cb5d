from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.tables import embeddings_schema
from isinglass.transforms.encode.outputs.embeddings import embeddings_array, truncated
from isinglass.transforms.encode.tokenizers.batch import TokenBatch


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_column_fits_the_table(rows: int) -> None:
    matrix = np.arange(rows * 4, dtype=np.float32).reshape(rows, 4)
    ids = pa.array([str(row) for row in range(rows)], pa.string())
    batch = pa.RecordBatch.from_arrays(
        [ids, embeddings_array(matrix)], schema=embeddings_schema(4)
    )
    batch.validate(full=True)
    assert batch["embedding"].to_pylist() == matrix.tolist()


def test_column_of_a_strided_matrix() -> None:
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2]
    assert embeddings_array(matrix).to_pylist() == [[0, 2], [4, 6], [8, 10]]


@pytest.mark.parametrize(("limit", "expected"), [(8, 2), (9, 1), (20, 0)])
def test_truncated(limit: int, expected: int) -> None:
    offsets = np.array([0, 9, 17, 37 - 2], np.int64)
    tokens = TokenBatch(np.zeros(35, np.int32), offsets)
    assert truncated(tokens, limit) == expected

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.schemas.errors import InputError
from isinglass.schemas.tables import hidden_states_schema
from isinglass.transforms.encode.outputs.readers import read_hidden_states
from isinglass.transforms.encode.outputs.rows import (
    HIDDEN_STORAGE,
    hidden_batches,
    hidden_bytes,
    hidden_warning,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LENGTHS = np.array([3, 0, 5, 1, 9])
HIDDEN = np.random.default_rng(4).normal(size=(18, 6)).astype(np.float16)
IDS = pa.array(["a", "b", "c", "d", "e"], pa.string())


@pytest.mark.parametrize(
    ("most_bytes", "rows"),
    [(10_000, [5]), (8 * 12, [3, 1, 1]), (9 * 12, [4, 1]), (1, [1, 1, 1, 1, 1])],
)
def test_reads_what_was_written(
    write: Callable[..., Path], most_bytes: int, rows: list[int]
) -> None:
    batches = list(hidden_batches(IDS, LENGTHS, HIDDEN, most_bytes=most_bytes))
    assert [batch.num_rows for batch in batches] == rows
    assert batches[0].schema.equals(hidden_states_schema(6), check_metadata=True)
    path = write(batches, storage=HIDDEN_STORAGE)
    found = list(read_hidden_states(path))
    assert [doc_id for doc_id, _ in found] == IDS.to_pylist()
    assert [len(matrix) for _, matrix in found] == LENGTHS.tolist()
    assert np.array_equal(np.concatenate([matrix for _, matrix in found]), HIDDEN)
    assert found[0][1].dtype == np.float16
    assert pq.read_table(path)["n_tokens"].to_pylist() == LENGTHS.tolist()


def test_rows_are_windows() -> None:
    documents = np.array([0, 0, 0, 1, 4])
    (batch,) = hidden_batches(IDS, LENGTHS, HIDDEN, documents=documents)
    assert batch["doc_id"].to_pylist() == ["a", "a", "a", "b", "e"]
    assert batch["window"].to_pylist() == [0, 1, 2, 0, 0]


def test_no_documents() -> None:
    nothing = hidden_batches(IDS[:0], LENGTHS[:0], HIDDEN[:0])
    assert list(nothing) == []


def test_other_file(write: Callable[..., Path]) -> None:
    path = write([pa.record_batch({"doc_id": IDS, "embedding": IDS})])
    with pytest.raises(InputError, match="not doc_id and last_hidden_state"):
        list(read_hidden_states(path))


def test_size() -> None:
    assert hidden_bytes(100, 384) == 76_800


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (
            (31_119, 4_900_000, 384, 61_700_000),
            "31,119 documents, 4.9 million tokens x 768 bytes = 3.8 GB, 61 times",
        ),
        ((1, 12, 768, 30), "1 documents, 12 tokens x 1,536 bytes = 18.4 kB, 614 times"),
        ((0, 0, 384, 0), "0 documents, 0 tokens x 768 bytes = 0 bytes"),
        (
            (1000, 2 * 10**11, 5, 10**11),
            "1,000 documents, 200,000.0 million tokens x 10 bytes = 2.0 TB, 20 times",
        ),
    ],
)
def test_warning(numbers: tuple[int, int, int, int], expected: str) -> None:
    rest = " the text" if expected.endswith("times") else ""
    told = expected.replace("bytes = ", "bytes = about ")
    assert hidden_warning(*numbers) == f"last_hidden_state: {told}{rest}"

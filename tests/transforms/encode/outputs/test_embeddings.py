from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.schemas.errors import InputError, IsinglassError
from isinglass.schemas.tables import embeddings_schema
from isinglass.transforms.encode.outputs.readers import read_embeddings
from isinglass.transforms.encode.outputs.rows import (
    EmbeddingType,
    embeddings_batch,
    half_column,
    storage_of,
    truncated,
)
from isinglass.transforms.encode.tokenizers.batch import TokenBatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[..., Path]

RANDOM = np.random.default_rng(3).normal(size=(300, 24)).astype(np.float32)


def names(rows: int, first: int = 0) -> pa.StringArray:
    return pa.array([str(first + row) for row in range(rows)], pa.string())


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_column_fits_the_table(rows: int) -> None:
    matrix = np.arange(rows * 4, dtype=np.float32).reshape(rows, 4)
    batch = embeddings_batch(names(rows), matrix)
    assert batch.schema.equals(embeddings_schema(4), check_metadata=True)
    batch.validate(full=True)
    assert batch["embedding"].to_pylist() == matrix.tolist()


def test_column_of_a_strided_matrix() -> None:
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2]
    column = embeddings_batch(names(3), matrix)["embedding"]
    assert column.to_pylist() == [[0, 2], [4, 6], [8, 10]]


def test_half_column_of_a_strided_matrix() -> None:
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2]
    # 0, 2, 4, 6, 8, 10 in IEEE 754 binary16, little-endian.
    expected = ["00000040", "00440046", "00480049"]
    assert [value.hex() for value in half_column(matrix).to_pylist()] == expected


def test_metadata_of_float16() -> None:
    batch = embeddings_batch(names(3), RANDOM[:3], dtype="float16")
    assert batch.schema.metadata[b"isinglass.dimensions"] == b"24"
    assert batch.schema.metadata[b"isinglass.dtype"] == b"float16"
    assert batch.schema.metadata[b"isinglass.table"] == b"embeddings"


@pytest.mark.parametrize("value", [np.nan, np.inf, 65_520, -1e9])
def test_what_float16_cannot_hold(value: float) -> None:
    matrix = RANDOM[:5].copy()
    matrix[2, 7] = value
    with pytest.raises(IsinglassError, match="1 of 5 vectors, the first in row 2"):
        embeddings_batch(names(5), matrix, dtype="float16")


def test_largest_of_float16() -> None:
    matrix = np.array([[65_504, -65_519, 0]], np.float32)
    half = np.frombuffer(half_column(matrix)[0].as_py(), np.float16)
    assert half.tolist() == [65_504, -65_504, 0]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("rows", [[0], [1], [300], [7, 0, 50]])
def test_reads_what_was_written(
    write: Write, dtype: EmbeddingType, rows: list[int]
) -> None:
    path = write(
        [embeddings_batch(names(one), RANDOM[:one], dtype=dtype) for one in rows],
        storage=storage_of(dtype),
    )
    doc_ids, matrix = read_embeddings(path)
    assert matrix.dtype == dtype
    expected = np.concatenate([RANDOM[:one] for one in rows]).astype(dtype)
    assert np.array_equal(matrix, expected)
    assert doc_ids.to_pylist() == [str(row) for one in rows for row in range(one)]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_folder_is_read_in_the_order_of_names(
    write: Write, dtype: EmbeddingType
) -> None:
    for shard in (1, 0, 2):
        part = RANDOM[shard * 100 : shard * 100 + 100]
        batch = embeddings_batch(names(100, shard * 100), part, dtype=dtype)
        path = write([batch], f"shards/{shard}.parquet", storage_of(dtype))
    doc_ids, matrix = read_embeddings(str(path.parent))
    assert np.array_equal(matrix, RANDOM.astype(dtype))
    assert doc_ids.to_pylist() == names(300).to_pylist()


def test_rows_are_windows(write: Write) -> None:
    batch = embeddings_batch(names(2), RANDOM[:3], documents=np.array([0, 1, 1]))
    assert batch["window"].to_pylist() == [0, 0, 1]
    doc_ids, matrix = read_embeddings(write([batch]))
    assert doc_ids.to_pylist() == ["0", "1", "1"]
    assert len(matrix) == 3


def test_storage_of_float32(write: Write) -> None:
    batch = embeddings_batch(names(300), RANDOM)
    path = write([batch], storage=storage_of("float32"))
    column = pq.ParquetFile(path).metadata.row_group(0).column(1)
    assert column.path_in_schema == "embedding.list.element"
    assert "BYTE_STREAM_SPLIT" in column.encodings
    assert not column.has_dictionary_page
    assert not column.is_stats_set


@pytest.mark.parametrize("rows", [2, 16])
def test_other_libraries_read_float32(write: Write, rows: int) -> None:
    path = write(
        [embeddings_batch(names(rows), RANDOM[:rows])], storage=storage_of("float32")
    )
    assert pq.read_table(path)["embedding"].to_pylist() == RANDOM[:rows].tolist()


def test_bad_files(write: Write, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.parquet cannot be read"):
        read_embeddings(tmp_path / "none.parquet")
    with pytest.raises(InputError, match=r"has no \.parquet files"):
        read_embeddings(tmp_path)
    (tmp_path / "text.parquet").write_text("PAR1 but not really")
    with pytest.raises(InputError, match=r"text\.parquet cannot be read as Parquet"):
        read_embeddings(tmp_path / "text.parquet")
    other = write([pa.record_batch({"doc_id": names(1), "text": names(1)})])
    with pytest.raises(InputError, match="not doc_id and embedding"):
        read_embeddings(other)
    other = write([pa.record_batch({"doc_id": names(1), "embedding": names(1)})])
    with pytest.raises(InputError, match="embedding is of type string"):
        read_embeddings(other)


def test_damaged_row_group(write: Write) -> None:
    path = write([embeddings_batch(names(300), RANDOM)], storage=storage_of("float32"))
    content = bytearray(path.read_bytes())
    content[4:2000] = bytes(1996)
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged in row group 0"):
        read_embeddings(path)


def test_vectors_of_two_kinds(write: Write) -> None:
    write([embeddings_batch(names(2), RANDOM[:2])], "two/a.parquet")
    half = embeddings_batch(names(2), RANDOM[:2], dtype="float16")
    path = write([half], "two/b.parquet")
    message = "24 values of float16, and .* of 24 of float32"
    with pytest.raises(InputError, match=message):
        read_embeddings(path.parent)


@pytest.mark.parametrize(("limit", "expected"), [(8, 2), (9, 1), (20, 0)])
def test_truncated(limit: int, expected: int) -> None:
    offsets = np.array([0, 9, 17, 37 - 2], np.int64)
    tokens = TokenBatch(np.zeros(35, np.int32), offsets)
    assert truncated(tokens, limit) == expected

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.transforms.write import Storage, TableWriter

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

NAMES = pa.array([f"name {row}" for row in range(500)])
VALUES = pa.array(np.linspace(0, 1, 500, dtype=np.float32))
BATCH = pa.record_batch({"name": NAMES, "value": VALUES})


def columns(path: Path, *storage: Storage) -> list[Any]:
    writer = TableWriter(path, BATCH.schema, (), *storage)
    writer.write(BATCH)
    writer.finish()
    assert pq.read_table(path).to_batches() == [BATCH]
    group = pq.ParquetFile(path).metadata.row_group(0)
    return [group.column(number) for number in range(2)]


def test_plain_and_compressed_unless_told_otherwise(tmp_path: Path) -> None:
    for column in columns(tmp_path / "x.parquet"):
        assert column.compression == "ZSTD"
        assert set(column.encodings) == {"PLAIN", "RLE"}
        assert column.is_stats_set


def test_encoding_of_one_column(tmp_path: Path) -> None:
    storage = Storage(encodings=(("value", "BYTE_STREAM_SPLIT"),))
    name, value = columns(tmp_path / "x.parquet", storage)
    assert "BYTE_STREAM_SPLIT" in value.encodings
    assert "PLAIN" in name.encodings


def test_statistics_of_one_column(tmp_path: Path) -> None:
    storage = Storage(statistics=("name",))
    name, value = columns(tmp_path / "x.parquet", storage)
    assert name.is_stats_set
    assert not value.is_stats_set


@pytest.mark.parametrize(
    ("storage", "expected"),
    [(Storage("none", None), "UNCOMPRESSED"), (Storage(level=1), "ZSTD")],
)
def test_compression(tmp_path: Path, storage: Storage, expected: str) -> None:
    found = columns(tmp_path / "x.parquet", storage)
    assert [column.compression for column in found] == [expected, expected]

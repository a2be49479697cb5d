from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.transforms.write import HashingFile, Storage, TableWriter

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


def column_bytes(path: Path, texts: list[str], storage: Storage) -> bytes:
    """The one column of a file of one row group, without its page index and footer."""
    batch = pa.record_batch({"text": texts})
    writer = TableWriter(path, batch.schema, (), storage)
    writer.write(batch)
    writer.finish()
    assert pq.read_table(path).to_batches() == [batch]
    (group,) = [pq.read_metadata(path).row_group(0)]
    column = group.column(0)
    assert column.has_offset_index == column.has_column_index == storage.by_content
    start = column.data_page_offset
    return path.read_bytes()[start : start + column.total_compressed_size]


@pytest.mark.parametrize(("by_content", "common"), [(False, False), (True, True)])
def test_pages_by_content_are_those_of_an_earlier_version(
    tmp_path: Path, *, by_content: bool, common: bool
) -> None:
    digits = np.random.default_rng(0).integers(0, 10**9, (6_000, 200))
    texts = [" ".join(map(str, row)) for row in digits]
    storage = Storage(by_content=by_content)
    before = column_bytes(tmp_path / "a.parquet", texts, storage)
    assert column_bytes(tmp_path / "b.parquet", texts, storage) == before
    after = column_bytes(tmp_path / "c.parquet", ["One more.", *texts], storage)
    half = len(before) // 2
    assert (before[-half:] == after[-half:]) == common


class FullDisk:
    """A file that takes so many bytes and no more."""

    def __init__(self, file: BinaryIO, room: int) -> None:
        self._file = file
        self._room = room

    def write(self, data: bytes) -> int:
        self._room -= memoryview(data).nbytes
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        """Everything else is of the file."""
        return getattr(self._file, name)


@pytest.mark.parametrize("by_content", [False, True])
@pytest.mark.parametrize("room", [0, 4, 100, 10_000, 300_000, 600_000])
def test_a_full_disk_is_an_error_and_no_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, *, by_content: bool
) -> None:
    """Arrow ends the process where its file fails twice."""
    monkeypatch.setattr(
        "isinglass.transforms.write.HashingFile",
        lambda file: HashingFile(cast("BinaryIO", FullDisk(file, room))),
    )
    texts = [np.random.default_rng(n).bytes(600).hex() for n in range(1000)]
    table = pa.table({"id": list(map(str, range(1000))), "text": texts})
    path = tmp_path / "a.parquet"
    writer = TableWriter(path, table.schema, storage=Storage(by_content=by_content))
    with pytest.raises(OSError, match="No space left"):
        _write_all(writer, table)
    writer.abort()


def _write_all(writer: TableWriter, table: pa.Table) -> None:
    for batch in table.to_batches(max_chunksize=100):
        writer.write(batch)
    writer.finish()

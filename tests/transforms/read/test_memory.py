"""Reading holds a few MB, whatever the size of the file."""

from __future__ import annotations

import gzip
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

if TYPE_CHECKING:
    from pathlib import Path

PROBE = """
import pathlib, re, sys
import pyarrow as pa
from isinglass.schemas.config import Columns
from isinglass.schemas.documents import Layout, Piece, Shard
from isinglass.transforms.read import read_shard

layout = Layout((Columns(),), pa.schema([]), {}, 2_000_000)
peaks = []
for path, kind in zip(sys.argv[1::2], sys.argv[2::2]):
    shard = Shard("s", "docs", 0, (Piece(path, "x", kind),))
    rows = sum(batch.documents.num_rows for batch in read_shard(shard, layout))
    # What getrusage tells begins with the memory of the parent process.
    status = pathlib.Path("/proc/self/status").read_text()
    peaks.append(int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) // 1024)
    print(rows, peaks[-1])
"""


def write(folder: Path, kind: str, copies: int) -> Path:
    line = b'{"text":"' + b"some words " * 180 + b'"}\n'
    block = line * 1000
    path = folder / f"{copies}.{kind}"
    if kind == "jsonl":
        with path.open("wb") as file:
            for _ in range(copies):
                file.write(block)
    elif kind == "jsonl.gz":
        with gzip.open(path, "wb", compresslevel=1) as file:
            for _ in range(copies):
                file.write(block)
    elif kind == "csv":
        with path.open("wb") as file:
            file.write(b"text\n")
            for _ in range(copies):
                file.write((b'"' + b"some, words\n" * 180 + b'"\n') * 1000)
    else:
        texts = pa.array([f"{i} " + "some words " * 180 for i in range(1000)])
        table = pa.table({"text": texts})
        with pq.ParquetWriter(path, table.schema, compression="none") as writer:
            # One row group: the reader must not hold it whole.
            whole = pa.concat_tables([table] * copies)
            writer.write_table(whole, row_group_size=len(whole))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["jsonl", "jsonl.gz", "csv", "parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, kind: str) -> None:
    arguments = []
    # By the end of the smaller one the allocator has what it keeps.
    for copies in (30, 120):
        arguments += [str(write(tmp_path, kind, copies)), kind.removesuffix(".gz")]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    (small_rows, small), (big_rows, big) = (
        map(int, line.split()) for line in done.stdout.splitlines()
    )
    assert (small_rows, big_rows) == (30_000, 120_000)
    # 200 MB more of input; the allocator may keep a little.
    assert big - small < 25


def bomb(folder: Path, kind: str) -> Path:
    """One record of 600 MB between two good ones, or one text 1,000 times."""
    path = folder / f"bomb.{kind}"
    begin, end = b'{"text":"good"}\n{"text":"', b'"}\n{"text":"good"}\n'
    parts = [begin, *[b"a" * 2**20] * 600, end]
    if kind == "txt.zst":
        parts = parts[1:-1]
    if kind.endswith("zst"):
        with (
            path.open("wb") as file,
            zstandard.ZstdCompressor().stream_writer(file) as to,
        ):
            for part in parts:
                to.write(part)
    elif kind.endswith("gz"):
        with gzip.open(path, "wb", compresslevel=1) as to:
            for part in parts:
                to.write(part)
    else:
        size = 1_500_000 if kind == "repeated.parquet" else 10_000_000
        text = pa.array(["good", "a" * size, "good"]).dictionary_encode()
        places = pa.array([0] + [1] * 1000 + [0], pa.int32())
        text = pa.DictionaryArray.from_arrays(places, text.dictionary)
        table = pa.table({"text": text})
        if kind.endswith("parquet"):
            pq.write_table(table, path, dictionary_pagesize_limit=2**25)
        else:
            with pa.ipc.new_file(path, table.schema) as writer:
                writer.write_table(table)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "documents"),
    [
        ("jsonl.gz", 2),
        ("jsonl.zst", 2),
        ("txt.zst", 0),
        ("parquet", 2),
        ("repeated.parquet", 1002),
        ("arrow", 2),
    ],
)
def test_what_is_too_large_is_not_held(
    tmp_path: Path, kind: str, documents: int
) -> None:
    path = bomb(tmp_path, kind)
    read_as = {"jsonl": "jsonl", "txt": "text"}.get(kind.partition(".")[0], "parquet")
    done = subprocess.run(
        [sys.executable, "-c", PROBE, path, "arrow" if kind == "arrow" else read_as],
        capture_output=True,
        text=True,
        check=True,
    )
    found, peak = map(int, done.stdout.split())
    assert found == documents
    # The text alone, or its copies, would be 600 MB and more.
    assert peak < 550


def large(folder: Path, kind: str) -> Path:
    """One text of 128 MB between two others, in one record, batch or page."""
    path, text = folder / f"large.{kind}", b"a" * 2**27
    if kind == "csv.gz":
        with gzip.open(path, "wb", compresslevel=1) as to:
            to.write(b'text,n\ngood,1\n"' + text + b'",2\ngood,3\n')
        return path
    table = pa.table({"text": pa.array(["good", text.decode(), "good"])})
    if kind == "parquet":
        pq.write_table(table, path, compression="zstd", use_dictionary=False)
    else:
        options = pa.ipc.IpcWriteOptions(compression=kind.partition(".")[0])
        with pa.ipc.new_file(path, table.schema, options=options) as writer:
            writer.write_table(table)
    return path


@pytest.mark.parametrize(
    ("kind", "read_as", "times"),
    [
        # The record and its fields.
        ("csv.gz", "csv", 2),
        # A batch of Arrow is unpacked whole, a page of Parquet and its strings, too.
        ("zstd.arrow", "arrow", 1),
        ("lz4.arrow", "arrow", 1),
        ("parquet", "parquet", 2),
    ],
)
def test_a_large_text_is_not_copied_over_and_over(
    tmp_path: Path, kind: str, read_as: str, times: int
) -> None:
    # Its reader imports numba, which takes memory of its own.
    before = tmp_path / "a.csv"
    before.write_bytes(b"text\ngood\n")
    arguments = [str(before), "csv", str(large(tmp_path, kind)), read_as]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    (_, small), (found, big) = (
        map(int, line.split()) for line in done.stdout.splitlines()
    )
    assert found == 2
    # The allocator, and the first use of what reads a format, may take a little.
    assert big - small < times * 128 + 100

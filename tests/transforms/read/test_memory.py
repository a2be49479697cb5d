"""Reading holds a few MB, whatever the size of the file."""

from __future__ import annotations

import gzip
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from pathlib import Path

PROBE = """
import resource, sys
import pyarrow as pa
from isinglass.schemas.config import Columns
from isinglass.schemas.documents import Layout, Piece, Shard
from isinglass.transforms.read import read_shard

layout = Layout((Columns(),), pa.schema([]), {}, 2_000_000)
peaks = []
for path, kind in zip(sys.argv[1::2], sys.argv[2::2]):
    shard = Shard("s", "docs", 0, (Piece(path, "x", kind),))
    rows = sum(batch.documents.num_rows for batch in read_shard(shard, layout))
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
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
    for copies in (10, 100):
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
    assert (small_rows, big_rows) == (10_000, 100_000)
    # 200 MB more of input; the allocator may keep a little.
    assert big - small < 25

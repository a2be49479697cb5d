"""Footers of Parquet that are damaged by one bit, every one of them."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.transforms.read.footers import require_sizes

if TYPE_CHECKING:
    from pathlib import Path

# In a process of its own: what is looked for here ends it.
LOOK_AT_ALL = """
import io, sys
import pyarrow as pa, pyarrow.parquet as pq
from isinglass.transforms.read.columnar import open_parquet
from isinglass.transforms.read.footers import require_sizes
sound = open(sys.argv[1], "rb").read()
length = int.from_bytes(sound[-8:-4], "little")
seen = refused = 0
for place in range(len(sound) - 8 - length, len(sound)):
    for bit in range(8):
        harmed = bytearray(sound)
        harmed[place] ^= 1 << bit
        file = io.BytesIO(harmed)
        try:
            opened = open_parquet(file)
            schema = opened.schema_arrow
        except (pa.ArrowException, OSError, UnicodeDecodeError):
            continue
        try:
            require_sizes(file, opened.schema)
        except pa.ArrowInvalid:
            refused += 1
            continue
        for group in range(opened.metadata.num_row_groups):
            told = opened.metadata.row_group(group)
            for column in range(told.num_columns):
                told.column(column).total_uncompressed_size
        seen += 1
print(seen, refused)
"""


def made(nullable: bool = True) -> bytes:  # noqa: FBT001, FBT002 - of a column
    fields = [
        pa.field("id", pa.int64(), nullable=nullable),
        pa.field("text", pa.string()),
        pa.field("tags", pa.list_(pa.string())),
    ]
    rows = [{"id": n, "text": f"text {n}", "tags": ["a", "b"]} for n in range(6)]
    file = io.BytesIO()
    table = pa.Table.from_pylist(rows, schema=pa.schema(fields))
    pq.write_table(table, file, row_group_size=3, store_schema=False)
    return file.getvalue()


def test_no_bit_of_a_footer_ends_the_process(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(made())
    done = subprocess.run(
        [sys.executable, "-c", LOOK_AT_ALL, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-300:]
    seen, refused = map(int, done.stdout.split())
    assert seen > 1000
    assert refused > 0


def test_sizes_of_another_schema_are_refused() -> None:
    file, other = io.BytesIO(made()), io.BytesIO(made(nullable=False))
    require_sizes(file, pq.ParquetFile(file).schema)
    require_sizes(other, pq.ParquetFile(other).schema)
    with pytest.raises(pa.ArrowInvalid, match="contradict"):
        require_sizes(file, pq.ParquetFile(other).schema)

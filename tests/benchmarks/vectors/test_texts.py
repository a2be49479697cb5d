from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.vectors.texts import BATCH_ROWS, open_texts

if TYPE_CHECKING:
    from pathlib import Path

ROWS = BATCH_ROWS + 3


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())],
    ids=str,
)
@pytest.mark.parametrize("documents", [None, 1, BATCH_ROWS, BATCH_ROWS + 1, 9 * ROWS])
def test_the_first_rows_of_any_text_column(
    tmp_path: Path, kind: pa.DataType, documents: int | None
) -> None:
    rows = [f"\u00e9{n}" for n in range(ROWS)]
    file = tmp_path / "texts.parquet"
    pq.write_table(pa.table({"body": pa.array(rows).cast(kind)}), file)
    expected = rows[:documents]

    texts = open_texts(file, "body", documents)

    assert texts.documents == len(expected)
    assert texts.bytes == sum(len(row.encode()) for row in expected)
    batches = list(texts.batches())
    assert all(batch.type == pa.string() for batch in batches)
    assert [row for batch in batches for row in batch.to_pylist()] == expected
    assert texts.first(2).to_pylist() == expected[:2]

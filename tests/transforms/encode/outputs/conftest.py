"""Batches of token ids from plain lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.transforms.encode.tokenizers.batch import TokenBatch
from isinglass.transforms.write import ZSTD, Storage, TableWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

Batch = tuple[pa.StringArray, TokenBatch]


def _token_batch(lists: Sequence[Sequence[int]], **ends: int) -> TokenBatch:
    flat = [one for ids in lists for one in ids]
    offsets = np.append(0, np.cumsum([len(ids) for ids in lists])).astype(np.int64)
    return TokenBatch(np.array(flat, np.int32), offsets, **ends)


@pytest.fixture(scope="session")
def token_batch() -> Callable[..., TokenBatch]:
    """Return a function that makes a batch of lists of ids."""
    return _token_batch


@pytest.fixture(scope="session")
def documents() -> Callable[..., Batch]:
    """Return a function that gives lists of ids the names d0, d1, ..."""

    def name(lists: Sequence[Sequence[int]], first: int = 0) -> Batch:
        ids = [f"d{first + row}" for row in range(len(lists))]
        return pa.array(ids, pa.string()), _token_batch(lists)

    return name


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes batches as `TableWriter` does."""

    def save(
        batches: Iterable[pa.RecordBatch],
        name: str = "x.parquet",
        storage: Storage = ZSTD,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        batches = list(batches)
        writer = TableWriter(path, batches[0].schema, storage=storage)
        for batch in batches:
            batch.validate(full=True)
            writer.write(batch)
        size, _ = writer.finish()
        assert path.stat().st_size == size
        written = pq.read_schema(path)
        assert written.equals(batches[0].schema)
        assert written.metadata == batches[0].schema.metadata
        return path

    return save

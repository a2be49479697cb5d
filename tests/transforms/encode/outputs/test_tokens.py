from __future__ import annotations

from typing import TYPE_CHECKING

import datasets
import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.errors import IsinglassError
from isinglass.schemas.tables import TOKENS, tokens_schema
from isinglass.transforms.encode.outputs.rows import (
    list_column,
    tokens_batch,
    window_numbers,
)
from isinglass.transforms.encode.tokenizers.batch import special_tokens_mask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

    Make = Callable[..., TokenBatch]

LISTS = [[101, 7, 8, 102], [101, 102], [101, 9, 102]]
IDS = pa.array(["a", "b", "c"], pa.string())


def test_plain_rows_have_the_plain_schema(token_batch: Make) -> None:
    batch = tokens_batch(IDS, token_batch(LISTS))
    assert batch.schema.equals(TOKENS, check_metadata=True)
    assert batch.to_pylist() == [
        {"doc_id": "a", "input_ids": [101, 7, 8, 102], "n_tokens": 4},
        {"doc_id": "b", "input_ids": [101, 102], "n_tokens": 2},
        {"doc_id": "c", "input_ids": [101, 9, 102], "n_tokens": 3},
    ]


def test_no_rows(token_batch: Make) -> None:
    assert tokens_batch(IDS[:0], token_batch([])).num_rows == 0


def test_all_columns_of_windows(token_batch: Make) -> None:
    batch = tokens_batch(
        IDS[:2],
        token_batch(LISTS, prefix=1, suffix=1),
        documents=np.array([0, 0, 1]),
        masks=True,
        word_ids=np.array([-1, 0, 0, -1, -1, -1, -1, 1, -1], np.int32),
    )
    expected = tokens_schema(window=True, masks=True, word_ids=True)
    assert batch.schema.equals(expected, check_metadata=True)
    batch.validate(full=True)
    assert batch.to_pylist()[1:] == [
        {
            "doc_id": "a",
            "window": 1,
            "input_ids": [101, 102],
            "n_tokens": 2,
            "special_tokens_mask": [1, 1],
            "word_ids": [None, None],
        },
        {
            "doc_id": "b",
            "window": 0,
            "input_ids": [101, 9, 102],
            "n_tokens": 3,
            "special_tokens_mask": [1, 0, 1],
            "word_ids": [None, 1, None],
        },
    ]


@pytest.mark.parametrize(
    ("lists", "prefix", "suffix", "expected"),
    [
        ([[5, 6], [7]], 0, 0, [0, 0, 0]),
        ([[5, 6], [7]], 0, 1, [0, 1, 1]),
        ([[5, 6], [], [7]], 1, 0, [1, 0, 1]),
        ([[5, 6, 7, 8, 9]], 2, 1, [1, 1, 0, 0, 1]),
        ([[5, 6, 7, 8], []], 1, 2, [1, 0, 1, 1]),
        ([[]], 1, 1, []),
    ],
)
def test_mask(
    token_batch: Make,
    lists: list[list[int]],
    prefix: int,
    suffix: int,
    expected: list[int],
) -> None:
    tokens = token_batch(lists, prefix=prefix, suffix=suffix)
    assert special_tokens_mask(tokens).tolist() == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([0], [0]),
        ([0, 0, 0, 1, 3, 3], [0, 1, 2, 0, 0, 1]),
        ([2, 2, 5], [0, 1, 0]),
    ],
)
def test_window_numbers(rows: list[int], expected: list[int]) -> None:
    assert window_numbers(np.array(rows, np.int64)).tolist() == expected


def test_too_many_tokens_for_a_column() -> None:
    # The limit is checked before the values are looked at.
    with pytest.raises(IsinglassError, match="A batch of 2147483648 values"):
        list_column(pa.array([], pa.int32()), np.array([0, 2**31]))


def test_datasets_reads_the_file(
    token_batch: Make, write: Callable[..., Path], tmp_path: Path
) -> None:
    path = write([tokens_batch(IDS, token_batch(LISTS, prefix=1), masks=True)])
    rows = datasets.load_dataset(
        "parquet",
        data_files=str(path),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert rows["input_ids"][:] == LISTS
    assert rows["special_tokens_mask"][0] == [1, 0, 0, 1]
    assert rows["doc_id"][:] == ["a", "b", "c"]

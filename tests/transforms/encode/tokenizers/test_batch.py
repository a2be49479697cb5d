from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode.tokenizers.batch import (
    TokenBatch,
    cut,
    differing_rows,
    offsets_of,
    replace_rows,
    take_rows,
    windows,
)

if TYPE_CHECKING:
    from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer

DOCUMENTS = st.lists(st.lists(st.integers(0, 3), max_size=6), max_size=8)


def batch(documents: list[list[int]], suffix: int = 0, prefix: int = 0) -> TokenBatch:
    values = np.array([one for ids in documents for one in ids], np.int32)
    lengths = np.array([len(ids) for ids in documents], np.int64)
    return TokenBatch(values, offsets_of(lengths), suffix, prefix)


def rows(tokens: TokenBatch) -> list[list[int]]:
    assert tokens.values.dtype == np.int32
    assert tokens.offsets.dtype == np.int64
    return [tokens.values[a:b].tolist() for a, b in pairwise(tokens.offsets)]


@pytest.mark.parametrize(
    ("document", "stride", "expected"),
    [
        ([101, 102], 0, [[101, 102]]),
        ([101, 7, 8, 9, 102], 0, [[101, 7, 8, 9, 102]]),
        ([101, 7, 8, 9, 10, 102], 0, [[101, 7, 8, 9, 102], [101, 10, 102]]),
        ([101, 7, 8, 9, 10, 102], 1, [[101, 7, 8, 9, 102], [101, 9, 10, 102]]),
        ([101, 7, 8, 9, 102], 2, [[101, 7, 8, 9, 102]]),
        ([101, 7, 8, 9, 10, 102], 2, [[101, 7, 8, 9, 102], [101, 8, 9, 10, 102]]),
    ],
)
def test_windows_of_five(
    document: list[int], stride: int, expected: list[list[int]]
) -> None:
    found, documents = windows(batch([document], 1, 1), 5, stride)
    assert rows(found) == expected
    assert documents.tolist() == [0] * len(expected)
    assert (found.prefix, found.suffix) == (1, 1)


def test_windows_without_special_tokens_and_without_documents() -> None:
    found, documents = windows(batch([[1, 2, 3], [], [4]]), 2, 1)
    assert rows(found) == [[1, 2], [2, 3], [], [4]]
    assert documents.tolist() == [0, 0, 1, 2]
    none, documents = windows(batch([]), 2)
    assert rows(none) == documents.tolist() == []


@pytest.mark.parametrize(("limit", "stride"), [(2, 0), (5, 3), (5, 4), (5, -1)])
def test_windows_without_room(limit: int, stride: int) -> None:
    with pytest.raises(ConfigError, match=r"encode\.stride: "):
        windows(batch([[101, 7, 102]], 1, 1), limit, stride)


@pytest.mark.parametrize(("limit", "stride"), [(3, 0), (8, 0), (8, 5), (16, 4), (9, 2)])
def test_windows_are_those_of_the_library(
    wordpiece: Tokenizer, library: Any, limit: int, stride: int
) -> None:
    texts = ["", "word", *("word " * count + "end." for count in range(40))]
    truncated = library.from_str(library.to_str())
    truncated.enable_truncation(limit, stride=stride)
    expected, owners = [], []
    for row, text in enumerate(texts):
        first = truncated.encode(text)
        expected += [first.ids, *(one.ids for one in first.overflowing)]
        owners += [row] * (1 + len(first.overflowing))
    found, documents = windows(wordpiece.encode(pa.array(texts)), limit, stride)
    assert rows(found) == expected
    assert documents.tolist() == owners


def test_cut_keeps_what_a_batch_knows() -> None:
    shortened = cut(batch([[1, 5, 6, 7, 2], [1, 2]], 1, 1), 3)
    assert rows(shortened) == [[1, 5, 2], [1, 2]]
    assert (shortened.prefix, shortened.suffix) == (1, 1)


@given(DOCUMENTS, DOCUMENTS)
def test_replace_take_and_compare(one: list[list[int]], two: list[list[int]]) -> None:
    count = min(len(one), len(two))
    mine, theirs = batch(one[:count], 1, 1), batch(two[:count])
    differ = [row for row in range(count) if one[row] != two[row]]
    assert differing_rows(mine, theirs).tolist() == differ
    chosen = np.arange(0, count, 2)
    assert rows(take_rows(theirs, chosen)) == two[:count:2]
    mixed = replace_rows(mine, chosen, take_rows(theirs, chosen))
    expected = [two[row] if row % 2 == 0 else one[row] for row in range(count)]
    assert rows(mixed) == expected
    assert (mixed.suffix, mixed.prefix) == (1, 1)

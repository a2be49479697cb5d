from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import datasets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.tables import PACKED
from isinglass.transforms.encode.outputs.packed import Packer, best_fit
from isinglass.transforms.encode.outputs.rows import with_end
from tests.properties import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    import pyarrow as pa

    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

    Documents = Callable[..., tuple[pa.StringArray, TokenBatch]]

LENGTHS = st.lists(st.integers(0, 70), max_size=40)


def distinct(lengths: list[int]) -> list[list[int]]:
    """Documents in which no two tokens are equal."""
    ends = np.cumsum(lengths).tolist()
    return [
        list(range(end - length, end))
        for end, length in zip(ends, lengths, strict=True)
    ]


def pack(
    parts: list[tuple[pa.StringArray, TokenBatch]], packer: Packer
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for doc_ids, tokens in parts:
        for batch in packer.add(doc_ids, tokens):
            rows += batch.to_pylist()
    for batch in packer.finish():
        rows += batch.to_pylist()
    return rows


def together(rows: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Documents from the pieces of all rows."""
    pieces = defaultdict(list)
    for row in rows:
        start = 0
        for length, doc_id, first in zip(
            row["seq_lens"], row["doc_ids"], row["starts"], strict=True
        ):
            stop = start + length
            pieces[doc_id].append((first, row["input_ids"][start:stop]))
            assert row["position_ids"][start:stop] == list(range(length))
            start = stop
        assert start == len(row["input_ids"]) == len(row["position_ids"])
    result = {}
    for doc_id, parts in pieces.items():
        result[doc_id] = [one for _, ids in sorted(parts) for one in ids]
        assert [first for first, _ in sorted(parts)] == [
            sum(len(ids) for _, ids in sorted(parts)[:count])
            for count in range(len(parts))
        ]
    return result


@examples(60)
@given(lengths=LENGTHS, length=st.integers(1, 50), window=st.integers(1, 400))
def test_documents_can_be_put_together(
    documents: Documents, lengths: list[int], length: int, window: int
) -> None:
    lists = distinct(lengths)
    packer = Packer(length, window_tokens=window)
    rows = pack([documents(lists)], packer)
    assert all(0 < len(row["input_ids"]) <= length for row in rows)
    expected = {f"d{row}": ids for row, ids in enumerate(lists) if ids}
    assert together(rows) == expected
    assert packer.rows == len(rows)
    assert packer.tokens == sum(lengths)


@examples(40)
@given(
    lengths=LENGTHS,
    cuts=st.lists(st.integers(0, 40), max_size=5),
    window=st.integers(1, 300),
)
def test_batches_do_not_matter(
    documents: Documents, lengths: list[int], cuts: list[int], window: int
) -> None:
    lists = distinct(lengths)
    borders = sorted({0, len(lists), *(one for one in cuts if one < len(lists))})
    parts = [documents(lists[start:stop], start) for start, stop in pairwise(borders)]
    whole = pack([documents(lists)], Packer(16, 9999, window))
    assert pack(parts, Packer(16, 9999, window)) == whole


def best_fit_one_by_one(lengths: list[int], length: int) -> list[list[int]]:
    """The textbook's algorithm; rooms with equal space are used first come first."""
    rooms: list[tuple[int, int, int]] = []
    rows: list[list[int]] = []
    for stamp, size in enumerate(sorted(lengths, reverse=True)):
        index = bisect_left(rooms, (size, 0, 0))
        if index == len(rooms):
            space, row = length, len(rows)
            rows.append([])
        else:
            space, _, row = rooms.pop(index)
        rows[row].append(size)
        insort(rooms, (space - size, stamp, row))
    return rows


@examples(200)
@given(st.lists(st.integers(1, 20), max_size=60))
def test_equal_pieces_go_where_they_go_one_by_one(lengths: list[int]) -> None:
    rows = best_fit(np.array(lengths, np.int64), 20)
    together = defaultdict(list)
    for row, size in zip(rows.tolist(), lengths, strict=True):
        together[row].append(size)
    found = sorted(sorted(sizes, reverse=True) for sizes in together.values())
    assert found == sorted(best_fit_one_by_one(lengths, 20))
    assert list(dict.fromkeys(rows.tolist())) == list(range(len(together)))


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], []),
        ([10], [0]),
        ([4, 10, 6], [0, 1, 0]),
        ([3, 3, 3, 1, 10], [0, 0, 0, 0, 1]),
        # 4 goes beside 6 and not beside 5, where more would be left.
        ([5, 6, 4], [0, 1, 1]),
        ([5, 6, 5], [0, 1, 0]),
    ],
)
def test_best_fit(lengths: list[int], expected: list[int]) -> None:
    assert best_fit(np.array(lengths, np.int64), 10).tolist() == expected


def test_long_document_is_cut_at_the_length_of_a_row(documents: Documents) -> None:
    rows = pack([documents([[1, 2, 3], list(range(10, 21))])], Packer(4))
    assert [row["input_ids"] for row in rows] == [
        [1, 2, 3],
        [10, 11, 12, 13],
        [14, 15, 16, 17],
        [18, 19, 20],
    ]
    assert [row["starts"] for row in rows] == [[0], [0], [4], [8]]
    assert [row["position_ids"][0] for row in rows] == [0, 0, 0, 0]


def test_end_token_is_part_of_the_document(documents: Documents) -> None:
    packer = Packer(4, end_id=9)
    rows = pack([documents([[1, 2, 3], [], [4, 5, 6, 7]])], packer)
    assert together(rows) == {"d0": [1, 2, 3, 9], "d2": [4, 5, 6, 7, 9]}


def test_no_documents(documents: Documents) -> None:
    packer = Packer(16)
    assert pack([documents([])], packer) == []
    assert packer.tokens == packer.rows == 0


def test_windows_bound_what_is_held(documents: Documents) -> None:
    packer = Packer(8, window_tokens=20)
    sizes = [
        sum(batch.num_rows for batch in packer.add(*documents([[1] * 7], one)))
        for one in range(7)
    ]
    # Three documents reach 20 tokens.
    assert sizes == [0, 0, 3, 0, 0, 3, 0]


def test_fill_on_lengths_like_those_of_texts(documents: Documents) -> None:
    lengths = np.random.default_rng(5).lognormal(5, 1, 4000).astype(int) + 2
    for length, least in ((512, 0.998), (2048, 1)):
        packer = Packer(length)
        for _ in packer.add(*documents([[7] * one for one in lengths.tolist()])):
            pass
        assert all(batch.schema == PACKED for batch in packer.finish())
        # Of the fewest rows that could hold them; the last one is never full.
        fewest = -(-packer.tokens // length)
        assert least <= fewest / packer.rows <= 1
        assert packer.tokens > 0.998 * packer.rows * length


@pytest.mark.parametrize(
    ("end_id", "expected", "lengths"),
    [
        (None, [1, 2, 3], [0, 2, 1, 0]),
        (9, [1, 2, 9, 3, 9], [0, 3, 2, 0]),
    ],
)
def test_end(
    documents: Documents,
    end_id: int | None,
    expected: list[int],
    lengths: list[int],
) -> None:
    tokens = with_end(documents([[], [1, 2], [3], []])[1], end_id)
    assert tokens.values.tolist() == expected
    assert tokens.lengths.tolist() == lengths


def test_datasets_reads_the_file(
    documents: Documents, write: Callable[..., Path], tmp_path: Path
) -> None:
    packer = Packer(6)
    batches = [
        *packer.add(*documents([[1, 2], [3, 4, 5], [6, 7, 8]])),
        *packer.finish(),
    ]
    rows = datasets.load_dataset(
        "parquet",
        data_files=str(write(batches)),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert rows[:] == {
        "input_ids": [[1, 2], [3, 4, 5, 6, 7, 8]],
        "position_ids": [[0, 1], [0, 1, 2, 0, 1, 2]],
        "seq_lens": [[2], [3, 3]],
        "doc_ids": [["d0"], ["d1", "d2"]],
        "starts": [[0], [0, 0]],
    }

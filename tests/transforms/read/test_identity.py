from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.read.identity import (
    doc_id_words,
    doc_ids,
    file_seed,
    format_doc_ids,
)

WORDS = st.lists(st.tuples(*[st.integers(0, 2**64 - 1)] * 2), max_size=40)


@given(WORDS)
def test_hex_is_that_of_python_and_round_trips(pairs: list[tuple[int, int]]) -> None:
    words = np.array(pairs, np.uint64).reshape(-1, 2)
    ids = format_doc_ids(words)
    assert ids.to_pylist() == [f"{high:016x}{low:016x}" for high, low in pairs]
    assert (doc_id_words(ids) == words).all()
    assert (doc_id_words(ids.slice(1)) == words[1:]).all()


def test_rows_of_a_file_never_share_a_word() -> None:
    rows = np.arange(200_000, dtype=np.int64)
    words = doc_id_words(doc_ids("docs", "a.parquet", rows))
    assert len(np.unique(words[:, 0])) == len(np.unique(words[:, 1])) == len(rows)
    # Neighbouring rows differ in half of their 128 bits on average.
    flips = np.bitwise_count(words[1:] ^ words[:-1]).sum(axis=1)
    assert 63.5 < flips.mean() < 64.5


@given(st.sets(st.integers(0, 2**62), max_size=30))
def test_far_rows_differ_too(rows: set[int]) -> None:
    ids = doc_ids("docs", "a", np.array(sorted(rows), np.int64))
    assert len(set(ids.to_pylist())) == len(rows)


def test_ids_do_not_depend_on_their_neighbours() -> None:
    alone = doc_ids("docs", "a", np.array([7], np.int64))[0]
    assert doc_ids("docs", "a", np.arange(9, dtype=np.int64))[7] == alone


def test_seed_tells_source_from_path() -> None:
    assert file_seed("a", "b/c") != file_seed("a/b", "c")
    assert file_seed("ab", "c") != file_seed("a", "bc")
    high, low = file_seed("a", "b")
    assert f"{high:016x}{low:016x}" == xxhash.xxh3_128_hexdigest(b"a\0b")


def test_ids_stay_as_they_are() -> None:
    """Other ids would orphan every ledger written so far."""
    ids = doc_ids("docs", "a.jsonl", np.array([0, 1], np.int64))
    assert ids.to_pylist() == [
        "e62151a6b2af8bc5e9bb936d8fef8e34",
        "09c61691c5d4215a9cbb8aae14961e52",
    ]


@pytest.mark.parametrize(
    "bad", ["", "0" * 31, "0" * 33, "g" * 32, "A" * 32, "é" + "0" * 30, None]
)
def test_what_is_no_id_is_refused(bad: str | None) -> None:
    with pytest.raises(ValueError, match="document id"):
        doc_id_words(pa.array(["0" * 32, bad], pa.string()))


def test_nothing() -> None:
    assert doc_ids("a", "b", np.array([], np.int64)).to_pylist() == []
    assert doc_id_words(pa.array([], pa.string())).shape == (0, 2)

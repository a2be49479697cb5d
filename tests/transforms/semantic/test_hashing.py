from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.semantic.hashing import (
    as_strings,
    draw,
    hash_ids,
    id_bytes,
    mix,
    uniform,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def test_mix_is_splitmix64() -> None:
    # First outputs of the reference implementation, seeds 0 and 1234567.
    seeds = np.array([0, 1234567], np.uint64)
    assert mix(seeds).tolist() == [16294208416658607535, 6457827717110365317]


def test_ids_survive_slicing_and_the_way_back(
    doc_ids: Callable[[int], pa.StringArray],
) -> None:
    ids = doc_ids(10)[3:8]
    assert id_bytes(ids).tolist() == [text.as_py().encode() for text in ids]
    assert as_strings(id_bytes(ids)).equals(pa.array(ids.to_pylist()))
    assert len(id_bytes(ids[:0])) == 0
    assert as_strings(np.array([b"", b"a" * 32])).to_pylist() == [None, "a" * 32]
    assert as_strings(np.zeros(0, "S32")).to_pylist() == []


@pytest.mark.parametrize("wrong", ["", "a" * 31, "a" * 33, None])
def test_other_ids_are_refused(wrong: str | None) -> None:
    ids = pa.array(["a" * 32, wrong], pa.string())
    with pytest.raises(ValueError, match="32 characters"):
        id_bytes(ids)


def test_hashes_depend_on_id_and_seed_alone(
    doc_ids: Callable[[int], pa.StringArray],
) -> None:
    ids = id_bytes(doc_ids(1000))
    hashes = hash_ids(ids, 5)
    assert len(set(hashes.tolist())) == 1000
    assert hash_ids(ids[::-1], 5).tolist() == hashes[::-1].tolist()
    assert not set(hashes.tolist()) & set(hash_ids(ids, 6).tolist())
    # Ids that count upwards come in no order: about half of the neighbours fall.
    assert 400 < (np.diff(hashes.astype(np.float64)) < 0).sum() < 600


def test_uniform_numbers_are_even_and_apart() -> None:
    drawn = uniform(10_000, 3)
    counts = np.histogram(drawn, 10, (0, 1))[0]
    assert abs(counts - 1000).max() < 150
    assert not set(drawn) & set(uniform(10_000, 4))
    assert drawn[:10].tolist() == uniform(10, 3).tolist()


@given(order=st.permutations(range(60)), size=st.integers(1, 70))
def test_draw_takes_the_smallest_hashes_in_any_order(
    order: list[int], size: int
) -> None:
    ids = id_bytes(pa.array([f"{number:032x}" for number in range(60)]))
    expected = ids[np.argsort(hash_ids(ids, 9))][:size].tolist()
    moved = ids[np.array(order)]
    assert moved[draw(moved, size, 9)].tolist() == expected
    assert draw(ids[:0], size, 9).tolist() == []


def test_equal_hashes_go_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "isinglass.transforms.semantic.hashing.hash_ids"
    monkeypatch.setattr(name, lambda ids, _: np.zeros(len(ids), np.uint64))
    ids = np.array([b"c" * 32, b"a" * 32, b"b" * 32])
    assert draw(ids, 2, 0).tolist() == [1, 2]

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from isinglass.transforms.semantic.hashing import (
    as_strings,
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
    assert not set(drawn) & set(uniform(10_000, 3, stream=1))
    assert drawn[:10].tolist() == uniform(10, 3).tolist()

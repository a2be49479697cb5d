from __future__ import annotations

import hashlib

import numpy as np
import pytest

from isinglass.schemas.config.dedup import DedupConfig
from isinglass.transforms.dedup.shingles import Shingles
from isinglass.transforms.dedup.survey import (
    band_hashes,
    capture_probability,
    signatures,
)


def pack(sets: list[np.ndarray]) -> Shingles:
    sizes = [len(one) for one in sets]
    return Shingles(
        values=np.concatenate([*sets, np.empty(0, np.uint64)]).astype(np.uint64),
        offsets=np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]),
        unit=np.array([1 if size else 0 for size in sizes], np.uint8),
    )


def planted(similarity: float, pairs: int, union: int, seed: int) -> Shingles:
    """Make pairs of sets that share exactly `similarity` of their union."""
    random = np.random.default_rng(seed)
    common = round(similarity * union)
    half = (union - common) // 2
    sets = []
    for _ in range(pairs):
        values = random.integers(0, 2**64, common + 2 * half, np.uint64)
        sets += [values[: common + half], np.delete(values, slice(common, -half))]
    return pack(sets)


@pytest.mark.parametrize("similarity", [0.1, 0.3, 0.5, 0.75, 0.9])
def test_estimate_is_unbiased_with_the_variance_of_theory(similarity: float) -> None:
    pairs, count = 400, 128
    found = signatures(planted(similarity, pairs, 200, seed=5), count, seed=11)
    estimates = (found[0::2] == found[1::2]).mean(axis=1)
    deviation = np.sqrt(similarity * (1 - similarity) / count)
    # One family serves all pairs, so 5 standard errors leave room for its own luck.
    assert abs(estimates.mean() - similarity) < 5 * deviation / np.sqrt(pairs)
    assert 0.8 < np.sqrt(((estimates - similarity) ** 2).mean()) / deviation < 1.2


@pytest.mark.parametrize(("bands", "rows"), [(25, 5), (16, 8), (9, 3)])
@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.7, 0.8])
def test_capture_follows_the_curve(bands: int, rows: int, similarity: float) -> None:
    pairs = 1_500
    config = DedupConfig(bands=bands, rows=rows, seed=3)
    found = band_hashes(planted(similarity, pairs, 200, seed=bands), config)
    captured = (found[0::2] == found[1::2]).any(axis=1).mean()
    expected = capture_probability(similarity, bands, rows)
    assert captured == pytest.approx(expected, abs=0.04)


def test_a_band_is_equal_where_its_rows_are() -> None:
    shingles = planted(0.7, 100, 100, seed=8)
    config = DedupConfig(bands=6, rows=4, seed=2)
    found = signatures(shingles, 24, seed=2).reshape(200, 6, 4)
    hashes = band_hashes(shingles, config)
    equal_rows = (found[0::2] == found[1::2]).all(axis=2)
    assert np.array_equal(hashes[0::2] == hashes[1::2], equal_rows)
    assert 0 < equal_rows.mean() < 1


def test_keys_of_different_bands_never_meet() -> None:
    hashes = band_hashes(planted(0.5, 200, 50, seed=1), DedupConfig(rows=1))
    owners = [set(column.tolist()) for column in hashes.T]
    assert sum(map(len, owners)) == len(set().union(*owners))


def test_equal_sets_share_all_bands_whatever_order_and_repeats() -> None:
    values = np.random.default_rng(0).integers(0, 2**64, 40, np.uint64)
    found = band_hashes(
        pack([values, values[::-1], np.repeat(values, 3)]), DedupConfig()
    )
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_documents_without_shingles_have_no_keys() -> None:
    none = np.empty(0, np.uint64)
    some = np.arange(1, 4, dtype=np.uint64)
    found = band_hashes(pack([none, some, none]), DedupConfig(bands=3, rows=2))
    assert (found[[0, 2]] == 0).all()
    assert (found[1] != 0).all()
    empty = band_hashes(pack([]), DedupConfig(bands=3, rows=2))
    assert empty.shape == (0, 3)


def test_company_does_not_matter_and_seed_does() -> None:
    shingles = planted(0.5, 4, 60, seed=4)
    alone = pack([shingles.values[shingles.offsets[2] : shingles.offsets[3]]])
    config = DedupConfig(seed=9)
    together = band_hashes(shingles, config)
    assert np.array_equal(band_hashes(alone, config)[0], together[2])
    other = band_hashes(shingles, DedupConfig(seed=10))
    assert not (together == other).any()


def test_signatures_equal_plain_arithmetic() -> None:
    values = np.random.default_rng(6).integers(0, 2**64, 30, np.uint64)
    words = hashlib.shake_256(b"isinglass minhash 7").digest(8 * 100)
    expected = []
    for at in range(0, 800, 8):
        multiplier = int.from_bytes(words[at : at + 4], "little") | 1
        addend = int.from_bytes(words[at + 4 : at + 8], "little")
        permuted = [(multiplier * (x >> 32) + addend) % 2**32 for x in values.tolist()]
        expected.append(min(permuted))
    assert signatures(pack([values]), 100, seed=7).tolist() == [expected]


def test_keys_are_fixed_for_all_time() -> None:
    """Keys of earlier runs must match those of later ones."""
    shingles = pack([np.array([1, 2**63, 2**64 - 1], np.uint64)])
    hashes = band_hashes(shingles, DedupConfig(bands=2, rows=3, seed=1))
    assert hashes.tolist() == [[7586323309763024151, 3666394240765640637]]


@pytest.mark.parametrize(
    ("similarity", "bands", "rows", "expected"),
    [
        (0.0, 25, 5, 0.0),
        (1.0, 25, 5, 1.0),
        (0.75, 25, 5, 0.99893),
        (0.5, 1, 1, 0.5),
        (0.725, 14, 8, 0.67),
    ],
)
def test_capture_table(
    similarity: float, bands: int, rows: int, expected: float
) -> None:
    assert capture_probability(similarity, bands, rows) == pytest.approx(
        expected, abs=0.005
    )

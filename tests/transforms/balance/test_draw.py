"""Copies and kept documents: by their ids, weights and seed alone."""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np
import pyarrow as pa
import pytest

from isinglass.transforms.balance.draw import (
    Spread,
    copies,
    draw_sums,
    keep,
    moments,
    uniforms,
)

IDS = pa.array([f"{number:032x}" for number in range(2_000)])


def test_the_number_of_a_document_is_the_hash_of_its_id() -> None:
    for seed in (0, 7):
        found = uniforms(IDS[:3], seed)
        for doc_id, u in zip(IDS[:3].to_pylist(), found, strict=True):
            keyed = hashlib.blake2b(doc_id.encode(), key=str(seed).encode())
            expected = int.from_bytes(keyed.digest()[:8], "big") / 2**64
            assert u == pytest.approx(expected, abs=2**-53)
    assert uniforms(IDS[:0], 1).tolist() == []


def test_order_and_neighbours_do_not_matter_and_seeds_do() -> None:
    order = np.random.default_rng(1).permutation(len(IDS))
    whole = uniforms(IDS, 1)
    assert uniforms(IDS.take(pa.array(order)), 1).tolist() == whole[order].tolist()
    assert uniforms(IDS[5:9], 1).tolist() == whole[5:9].tolist()
    assert abs(np.corrcoef(whole, uniforms(IDS, 2))[0, 1]) < 0.1
    assert abs(whole.mean() - 0.5) < 0.03


@pytest.mark.parametrize(
    ("weight", "u", "expected"),
    [
        (0.0, 0.0, 0),
        (0.3, 0.29, 1),
        (0.3, 0.3, 0),
        (1.0, 0.0, 1),
        (2.75, 0.74, 3),
        (2.75, 0.75, 2),
        (4.0, 0.999, 4),
    ],
)
def test_copies(weight: float, u: float, expected: int) -> None:
    found = copies(np.array([weight]), np.array([u]))
    assert found.dtype == np.int32
    assert found.tolist() == [expected]


@pytest.mark.parametrize(
    ("weight", "u", "expected"),
    [(4.0, 1 - 2.0**-53, True), (1.0, 0.2499, True), (1.0, 0.25, False), (0, 0, False)],
)
def test_keep(weight: float, u: float, expected: bool) -> None:  # noqa: FBT001
    assert keep(np.array([weight]), np.array([u]), 4.0).tolist() == [expected]


@pytest.mark.parametrize("emit", ["copies", "keep"])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_drawn_is_within_chance(
    emit: Literal["copies", "keep"], seed: int
) -> None:
    random = np.random.default_rng(0)
    weights = random.uniform(0.1, 3.9, len(IDS))
    counts = random.poisson([[1.0], [3.0]], (2, len(IDS))).astype(np.float64)
    u = uniforms(IDS, seed)
    greatest = float(weights.max())
    drawn = copies(weights, u) if emit == "copies" else keep(weights, u, greatest)
    mean, variance = moments(weights, emit, greatest)
    halves = [slice(0, 700), slice(700, None)]
    first, second = (
        draw_sums(counts[:, h], drawn[h].astype(float), mean[h], variance[h])
        for h in halves
    )
    share = (counts * weights).sum(axis=1) / (counts * weights).sum()
    for index, one in enumerate(first.add(second).spread(share)):
        x = counts[index] - share[index] * counts.sum(axis=0)
        # Under the weights the mean of the sum is 0.
        assert one.residual == pytest.approx(float((drawn * x).sum()), abs=1e-6)
        assert one.deviation == pytest.approx(float((variance * x * x).sum()) ** 0.5)
        assert abs(one.z) < 4.0
        assert one.plausible
    # Documents in another order than their ids is what the check is there to find.
    wrong = draw_sums(counts, np.sort(drawn.astype(float)), mean, variance)
    rising = np.argsort(counts[0], kind="stable")
    wrong = draw_sums(
        counts[:, rising], np.sort(drawn.astype(float)), mean[rising], variance[rising]
    )
    assert not all(one.plausible for one in wrong.spread(share))


@pytest.mark.parametrize(
    ("residual", "deviation", "most", "expected"),
    [
        # No document stands out: four standard deviations.
        (3_999.0, 1_000.0, 0.0, True),
        (-4_001.0, 1_000.0, 0.0, False),
        (4_003.0, 1_000.0, 1.0, False),
        # One document that weighs more than all others, and came.
        (9.8, 1.0, 10.0, True),
        # Two of five documents that come once in a hundred times.
        (1.95, 0.22, 1.0, True),
        (5.9, 0.22, 1.0, False),
        (0.0, 0.0, 1.0, True),
    ],
)
def test_what_chance_explains(
    residual: float,
    deviation: float,
    most: float,
    expected: bool,  # noqa: FBT001
) -> None:
    assert Spread(residual, deviation, most).plausible == expected


def test_nothing_left_to_chance_has_no_z() -> None:
    assert Spread(9.8, 1.0, 10.0).z == pytest.approx(9.8)
    assert Spread(0.0, 0.0, 1.0).z == 0.0

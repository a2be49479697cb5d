"""Sums of vectors and labels: exact, in any parts, and where means are large."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.transforms.leace import moments
from isinglass.transforms.leace.moments import Moments, across_about, add, create, merge

if TYPE_CHECKING:
    from tests.transforms.leace.conftest import Planted

PARTS = ("vector", "label", "within", "across")


def alike(one: Moments, other: Moments, tolerance: float = 1e-9) -> bool:
    """Whether two sums are of the same rows."""
    near = (
        np.allclose(getattr(one, name), getattr(other, name), tolerance, tolerance)
        for name in PARTS
    )
    return one.rows == other.rows and all(near)


def test_three_rows_by_hand() -> None:
    vectors = np.array([[1.0, 0.0], [3.0, 2.0], [2.0, 4.0]], np.float32)
    found = add(create(), vectors, np.array([[True], [False], [False]]))
    assert found.rows == 3
    assert found.vector.tolist() == [2.0, 2.0]
    assert found.label.tolist() == pytest.approx([1 / 3])
    assert found.labelled.tolist() == [1]
    assert found.within.tolist() == [[2.0, 2.0], [2.0, 8.0]]
    assert found.across.ravel().tolist() == pytest.approx([-1.0, -2.0])
    assert found.covariances.ravel().tolist() == pytest.approx([-1 / 3, -2 / 3])


@pytest.mark.parametrize(
    "cuts", [[0, 3000], [0, 1, 2, 3000], [0, 700, 700, 2999, 3000]]
)
def test_parts_add_up_to_the_whole(planted: Planted, cuts: list[int]) -> None:
    whole = add(create(), *planted)
    pieces = [
        add(create(), planted.vectors[low:high], planted.labels[low:high])
        for low, high in pairwise(cuts)
    ]
    assert alike(reduce(merge, pieces, create()), whole)
    assert alike(reduce(merge, reversed(pieces)), whole)
    centred = planted.vectors - planted.vectors.mean(axis=0)
    assert np.allclose(whole.within, centred.T @ centred)


def test_rows_are_taken_in_blocks(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = add(create(), *planted)
    monkeypatch.setattr(moments, "BLOCK", 256)
    assert alike(add(create(), *planted), whole)


def test_large_means_do_not_cancel(planted: Planted) -> None:
    moved = add(create(), planted.vectors + 1e7, planted.labels)
    plain = add(create(), *planted)
    assert np.allclose(moved.within, plain.within, rtol=1e-6, atol=1e-4)
    wide = planted.vectors + 1e7
    naive = wide.T @ wide - len(wide) * np.outer(wide.mean(axis=0), wide.mean(axis=0))
    assert (
        np.abs(naive - plain.within).max()
        > 100 * np.abs(moved.within - plain.within).max()
    )


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_narrow_floats_are_summed_as_what_they_are(
    planted: Planted, kind: type[np.floating]
) -> None:
    narrow = planted.vectors.astype(kind)
    wide = add(create(), narrow.astype(np.float64), planted.labels)
    assert alike(add(create(), narrow, planted.labels), wide, 0.0)


def test_an_array_holds_all_of_it(planted: Planted) -> None:
    found = add(create(), *planted)
    again = moments.from_array(moments.to_array(found))
    assert alike(again, found, 0.0)
    empty = moments.from_array(moments.to_array(create(4, 2)))
    assert (empty.rows, empty.across.shape) == (0, (4, 2))


def test_nothing_adds_nothing(planted: Planted) -> None:
    found = add(create(24, 3), *planted)
    assert merge(found, create()) is found
    assert merge(create(), found) is found
    assert add(found, planted.vectors[:0], planted.labels[:0]) is found


def test_across_about_a_known_centre_is_exact(planted: Planted) -> None:
    whole, centre = add(create(), *planted), np.full(24, 2.5)
    halves = (slice(0, 1700), slice(1700, 3000))
    total = sum(
        across_about(planted.vectors[h], planted.labels[h], centre, whole.label)
        for h in halves
    )
    assert np.allclose(total, whole.across)


@pytest.mark.parametrize(
    ("vectors", "labels", "told"),
    [
        (np.zeros((2, 3)), np.zeros((3, 1), bool), "differ"),
        (np.zeros(3), np.zeros((3, 1), bool), "differ"),
        (np.zeros((2, 5)), np.zeros((2, 1), bool), r"sums are of \(3, 1\)"),
        (np.zeros((2, 3)), np.zeros((2, 2), bool), r"rows of \(3, 2\)"),
        (np.array([[1, np.nan, 1.0]]), np.zeros((1, 1), bool), "not finite"),
        (np.array([[np.inf, 1, 1.0]]), np.zeros((1, 1), bool), "not finite"),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    vectors: np.ndarray, labels: np.ndarray, told: str
) -> None:
    sums = add(create(), np.eye(3), np.array([[True], [False], [False]]))
    with pytest.raises(ValueError, match=told):
        add(sums, vectors, labels)

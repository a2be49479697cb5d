from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.transforms.semantic.vectors import (
    blocks,
    cosines,
    reach,
    slack,
    unit_rows,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_rows_get_unit_length_and_zeros_stay() -> None:
    rows = np.array([[3, 4], [0, 0], [1e-20, 0]], np.float64)
    assert unit_rows(rows).tolist() == [
        [np.float32(0.6), np.float32(0.8)],
        [0, 0],
        [np.float32(1e-8), 0],
    ]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_any_float_is_taken_and_left_as_it_was(dtype: type) -> None:
    rows: NDArray[np.floating] = np.array([[2, 0]], dtype)
    made = unit_rows(rows)
    assert made.dtype == np.float32
    assert made.tolist() == [[1, 0]]
    assert rows.tolist() == [[2, 0]]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused_by_its_number(value: float) -> None:
    with pytest.raises(ValueError, match="vector 1 holds"):
        unit_rows(np.array([[1.0, 0.0], [value, 0.0]]))


def test_blocks_cover_everything_once() -> None:
    covered = [index for part in blocks(10, 4) for index in range(10)[part]]
    assert covered == list(range(10))
    assert list(blocks(0, 4)) == []


def test_cosines_of_equal_rows_are_exactly_one() -> None:
    rows = unit_rows(np.random.default_rng(0).standard_normal((500, 384)))
    assert (cosines(rows, rows) == 1).all()
    zero = np.zeros((1, 3), np.float32)
    assert cosines(zero, zero).tolist() == [0]


def test_slack_covers_the_error_of_float32_products() -> None:
    rows = unit_rows(np.random.default_rng(1).standard_normal((400, 384)))
    first, second = np.triu_indices(400)
    quick = (rows @ rows.T)[first, second]
    assert (quick >= cosines(rows[first], rows[second]) - slack(384)).all()


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8, 0.999999, 1.0])
def test_reach_is_what_the_cosines_say(threshold: float) -> None:
    # Of few values, so that many pairs have exactly the threshold, and many are equal.
    rng = np.random.default_rng(2)
    rows = unit_rows(rng.integers(-2, 3, (300, 4)).astype(np.float64))
    first, second = np.divmod(np.arange(90_000), 300)
    expected = cosines(rows[first], rows[second]) >= threshold
    assert reach(rows, rows, threshold).ravel().tolist() == expected.tolist()
    assert 0 < expected.sum() < 90_000


@pytest.mark.parametrize(
    ("cosine", "reached"),
    [(0.9500006, True), (0.9499996, True), (0.9499994, False), (-0.95, False)],
)
def test_reach_rounds_to_six_decimals(cosine: float, reached: bool) -> None:  # noqa: FBT001
    left = np.array([[1, 0]], np.float32)
    right = np.array([[cosine, np.sqrt(1 - cosine**2)], [0, 0]], np.float32)
    assert reach(left, right, 0.95).tolist() == [[reached, False]]

"""Ids and vectors that only their number decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from isinglass.transforms.semantic.vectors import unit_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@pytest.fixture(scope="session")
def doc_ids() -> Callable[[int], pa.StringArray]:
    def make(count: int) -> pa.StringArray:
        return pa.array([f"{number * 7919:032x}" for number in range(count)])

    return make


@pytest.fixture(scope="session")
def random_rows() -> Callable[..., NDArray[np.float32]]:
    def make(count: int, width: int = 32, seed: int = 0) -> NDArray[np.float32]:
        drawn = np.random.default_rng(seed).standard_normal((count, width))
        return unit_rows(drawn)

    return make


@pytest.fixture(scope="session")
def at_cosine() -> Callable[[NDArray[np.float32], float, int], NDArray[np.float32]]:
    """Return a function that makes a row of a given cosine to another one."""

    def make(row: NDArray[np.float32], cosine: float, seed: int) -> NDArray[np.float32]:
        exact = row.astype(np.float64)
        other = np.random.default_rng(seed).standard_normal(len(row))
        other -= other @ exact * exact / (exact @ exact)
        other /= np.linalg.norm(other)
        made = cosine * exact + np.sqrt(1 - cosine**2) * other
        return made.astype(np.float32)

    return make

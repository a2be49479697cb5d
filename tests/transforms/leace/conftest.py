"""Vectors in which labels can be told."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags


class Planted(NamedTuple):
    """Vectors (n, d) and labels (n, k) that move them."""

    vectors: NDArray[np.float64]
    labels: Flags


def plant(rows: int = 3000, dimensions: int = 24, seed: int = 5) -> Planted:
    """Correlated values of a mean that is not zero, and three labels that overlap."""
    chosen = np.random.default_rng(seed)
    labels = chosen.random((rows, 3)) < (0.3, 0.12, 0.5)
    mixing = chosen.normal(size=(dimensions, dimensions)) / np.sqrt(dimensions)
    noise = chosen.normal(size=(rows, dimensions)) @ mixing
    moves = chosen.normal(size=(3, dimensions)) * 0.5
    return Planted(noise + labels @ moves + 3.0, labels)


@pytest.fixture(scope="session")
def planted() -> Planted:
    return plant()

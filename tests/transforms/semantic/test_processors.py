"""What is decided by cosines is the same whatever kernels multiply the matrices."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.transforms.semantic.duplicates import (
    Rows,
    count_pairs,
    find_duplicates,
    outlier_scores,
)
from isinglass.transforms.semantic.kmeans import assign, fit, split
from isinglass.transforms.semantic.vectors import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Old kernels, which every processor of their kind can run; others know no such names
# and keep their own.
KERNELS = ("Prescott", "Nehalem")


@cache
def results() -> tuple[str, NDArray[np.float64]]:
    """A digest of all decisions, and scores that may differ by a millionth."""
    rng = np.random.default_rng(7)
    noise = 0.8 * rng.standard_normal((3000, 96))
    centres = rng.standard_normal((40, 96))
    rows = unit_rows(centres[rng.integers(0, 40, 3000)] + noise)
    # Copies at other places, and rows that are equally near to two centroids.
    rows[2000:2500] = rows[:500]
    rows[2500:] = unit_rows(rows[500:1000] + rows[1000:1500])
    centroids = fit(rows, 60, 8, 3)
    centroids = np.concatenate((centroids, centroids[:5], rows[500:510]))
    labels, similarity = assign(rows, centroids)
    leader, cosine = find_duplicates(rows[::-1], 0.9, len(rows))
    digest = hashlib.sha256()
    numbers = np.arange(len(rows))
    sampled = Rows(numbers[::9], rows[::9], labels[::9])
    for threshold in (0.9, 1.0):
        counts = count_pairs(sampled, Rows(numbers, rows, labels), threshold)
        digest.update(counts.tobytes())
    arrays: list[NDArray[Any]] = [centroids, labels, similarity, leader, cosine]
    for array in (*arrays, *split(rows, 100, 5)):
        digest.update(array.tobytes())
    return digest.hexdigest(), outlier_scores(rows, np.arange(len(rows)))


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_agree(kernel: str) -> None:
    digest, scores = results()
    environment = os.environ | {"OPENBLAS_CORETYPE": kernel}
    ran = subprocess.run(
        [sys.executable, __file__],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    told, *others = ran.stdout.split()
    assert told == digest
    assert np.abs(np.array(others, np.float64) - scores).max() < 1.5e-6


if __name__ == "__main__":
    told, scores = results()
    sys.stdout.write(" ".join([told, *map(str, scores.tolist())]))

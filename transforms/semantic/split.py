"""Large clusters in parts, so that comparing all pairs stays affordable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.semantic.kmeans import fit, nearest
from isinglass.transforms.semantic.vectors import blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_PARTS = 64
"""Parts that one step makes; larger clusters take several steps."""

_FIT_ROWS = 16_384
"""Rows that a step is fitted on."""

_ROUNDS = 5
_LITTLE = 0.9
"""A step that leaves more than this share in one part has not split the cluster."""


def split(
    matrix: NDArray[np.float32], largest: int, seed: int
) -> list[NDArray[np.int64]]:
    """The parts of one cluster, each of at most `largest` rows where possible.

    Parts are made by k-means, again and again. Rows that it cannot tell apart, such as
    copies of one vector, stay in one part whatever their number; `duplicates` and
    `outliers` bound their own work there.

    Args:
        matrix: Shape (n, d), rows of unit length of one cluster in a fixed order.
        largest: Rows that a part may have, at least 1.
        seed: Not negative, below 2**64.

    Returns:
        Ascending rows of each part.
    """
    waiting, parts = [np.arange(len(matrix))], []
    while waiting:
        rows = waiting.pop()
        pieces = _step(matrix, rows, largest, seed) if len(rows) > largest else [rows]
        if len(pieces) > 1:
            waiting += pieces
        else:
            parts.append(rows)
    return parts


def _step(
    matrix: NDArray[np.float32], rows: NDArray[np.int64], largest: int, seed: int
) -> list[NDArray[np.int64]]:
    """The rows in two or more pieces, or in one where k-means cannot split them."""
    wanted = min(-(-len(rows) // largest) + 1, _MOST_PARTS)
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), _FIT_ROWS)).astype(np.int64)
    centroids = fit(matrix[rows[chosen]], wanted, _ROUNDS, seed)
    pieces = blocks(len(rows), _FIT_ROWS)
    labels = np.concatenate([nearest(matrix[rows[one]], centroids) for one in pieces])
    sizes = np.bincount(labels)
    if sizes.max() > _LITTLE * len(rows):
        return [rows]
    return [rows[labels == label] for label in np.flatnonzero(sizes)]

"""Sums of vectors and labels that add up: all that LEACE needs of a corpus.

A fold: `create`, `add` a block of rows, `merge` two sums; `eraser.finish` ends it. They
are kept about the mean of what they were made of, so that nothing cancels where means
are large beside deviations (Chan, Golub and LeVeque, Updating Formulae and a Pairwise
Algorithm for Computing Sample Variances, 1979). Merging in another order changes the
last bits, so who wants equal bytes merges in a fixed one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Floats

BLOCK = 4096
"""Rows that are widened to float64 at a time: 13 MB for vectors of 384."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Of n vectors of d values, and k labels of each of them.

    Attributes:
        rows: n.
        vector: Mean vector, (d,).
        label: Share of the vectors that have each label, (k,).
        within: Sum of the outer products of centred vectors, (d, d).
        across: Sum of those of centred vectors and centred labels, (d, k).
    """

    rows: int
    vector: Floats
    label: Floats
    within: Floats
    across: Floats

    @property
    def labelled(self) -> NDArray[np.int64]:
        """How many vectors have each label, (k,)."""
        return np.rint(self.rows * self.label).astype(np.int64)

    @property
    def covariances(self) -> Floats:
        """Of each value with each label, (d, k)."""
        return self.across / max(1, self.rows)


def create(dimensions: int = 0, labels: int = 0) -> Moments:
    """Sums of nothing; they may be merged with those of any shape."""
    return Moments(
        0,
        np.zeros(dimensions),
        np.zeros(labels),
        np.zeros((dimensions, dimensions)),
        np.zeros((dimensions, labels)),
    )


def add(moments: Moments, vectors: NDArray[np.floating], labels: Flags) -> Moments:
    """Add rows: vectors (n, d) of any type of floats, and labels (n, k).

    Raises:
        ValueError: The shapes do not fit, or a value is not finite.
    """
    if vectors.ndim != 2 or labels.ndim != 2 or len(vectors) != len(labels):  # noqa: PLR2004
        raise ValueError(f"vectors {vectors.shape} and labels {labels.shape} differ")
    if moments.rows and moments.across.shape != (vectors.shape[1], labels.shape[1]):
        raise ValueError(
            f"sums are of {moments.across.shape} values and labels, and rows of "
            f"{(vectors.shape[1], labels.shape[1])}"
        )
    for start in range(0, len(vectors), BLOCK):
        part = slice(start, start + BLOCK)
        moments = merge(moments, _of_block(vectors[part], labels[part]))
    return moments


def _of_block(vectors: NDArray[np.floating], labels: Flags) -> Moments:
    wide = vectors.astype(np.float64)
    mean, share = wide.mean(axis=0), labels.mean(axis=0, dtype=np.float64)
    if not np.isfinite(mean).all():
        raise ValueError("a vector holds a value that is not finite")
    wide -= mean
    return Moments(len(wide), mean, share, wide.T @ wide, wide.T @ (labels - share))


def merge(one: Moments, other: Moments) -> Moments:
    """Sums of the rows of both."""
    if not one.rows or not other.rows:
        return one if one.rows else other
    rows = one.rows + other.rows
    moved = other.vector - one.vector
    relabelled = other.label - one.label
    weight, part = one.rows * other.rows / rows, other.rows / rows
    return Moments(
        rows,
        one.vector + part * moved,
        one.label + part * relabelled,
        one.within + other.within + weight * np.outer(moved, moved),
        one.across + other.across + weight * np.outer(moved, relabelled),
    )


def across_about(
    vectors: NDArray[np.floating], labels: Flags, centre: Floats, share: Floats
) -> Floats:
    """What rows add to `Moments.across`, about a mean and label shares that are known.

    Vectors (n, d) and labels (n, k) make (d, k). Added up over all rows it is exact if
    the shares are, whatever the centre is.
    """
    total = np.zeros((len(centre), len(share)))
    for start in range(0, len(vectors), BLOCK):
        part = slice(start, start + BLOCK)
        wide = vectors[part].astype(np.float64) - centre
        total += wide.T @ (labels[part] - share)
    return total


def to_array(moments: Moments) -> Floats:
    """All numbers as one flat array; of the symmetric matrix one half."""
    dimensions, labels = moments.across.shape
    head = np.array([moments.rows, dimensions, labels], np.float64)
    upper = moments.within[np.triu_indices(dimensions)]
    parts = (head, moments.vector, moments.label, upper, moments.across.ravel())
    return np.concatenate(parts)


def from_array(array: NDArray[Any]) -> Moments:
    """Inverse of `to_array`."""
    rows, dimensions, labels = (int(number) for number in array[:3])
    half = dimensions * (dimensions + 1) // 2
    ends = np.cumsum([3, dimensions, labels, half])
    _, vector, label, upper, across = np.split(array, ends)
    within = np.zeros((dimensions, dimensions))
    above = np.triu_indices(dimensions)
    within[above] = upper
    within.T[above] = upper
    return Moments(rows, vector, label, within, across.reshape(dimensions, labels))

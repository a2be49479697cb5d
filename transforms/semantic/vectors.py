"""Rows of unit length, blocks of rows, and exact cosines of pairs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Floats, Singles

BLOCK = 4096
"""Rows that are compared at a time: a block of similarities takes 64 MiB."""

DECIMALS = 6
"""Decimals that a cosine of float32 vectors carries."""

_LEAST_NORM = 1e-12
_PAIRS = 16_384


def unit_rows(matrix: NDArray[np.floating]) -> Singles:
    """A copy with rows of unit length; a row of zeros stays one.

    Raises:
        ValueError: A value is not finite: no similarity to it has a meaning.
    """
    rows = np.array(matrix, np.float32)
    norms = np.empty(len(rows), np.float64)
    for part in blocks(len(rows)):
        norms[part] = _norms(rows[part].astype(np.float64))
    if not np.isfinite(norms).all():
        wrong = int(np.flatnonzero(~np.isfinite(norms))[0])
        raise ValueError(f"vector {wrong} holds a value that is not finite")
    rows /= np.maximum(norms, _LEAST_NORM)[:, None].astype(np.float32)
    return rows


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    """Slices that cover `count` rows, `size` at a time."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def slack(dimensions: int) -> float:
    """How far a float32 product may lie from `cosines` of two unit rows.

    Half a unit in the last place for each of the additions (Higham, Accuracy and
    Stability of Numerical Algorithms, section 3.1), and the rounding of the rows.
    """
    return (dimensions + 8) * 2.0**-24 + 0.5 * 10.0**-DECIMALS


def cosines(left: Singles, right: Singles) -> Floats:
    """Cosines of pairs of rows in float64, rounded to `DECIMALS`.

    The same on every processor, which cannot be said of a matrix product, and exactly 1
    for equal vectors. Of shape (p, d) and (p, d) it makes (p,); 0 where a row is zero.
    """
    result = np.empty(len(left), np.float64)
    for part in blocks(len(left), _PAIRS):
        one, other = left[part].astype(np.float64), right[part].astype(np.float64)
        norms = _norms(one) * _norms(other)
        result[part] = _sums(one * other) / np.maximum(norms, _LEAST_NORM)
    return np.round(result, DECIMALS)


def reach(left: Singles, right: Singles, threshold: float) -> Flags:
    """Tell for all pairs of rows whether `cosines` reaches a threshold.

    Of shape (m, d) and (n, d) it makes (m, n).
    """
    products, unsure = left @ right.T, slack(left.shape[1])
    reached = products >= threshold - unsure
    # What float32 leaves open is computed again.
    first, second = np.nonzero(reached)
    still = products[first, second] < threshold + unsure
    first, second = first[still], second[still]
    for part in blocks(len(first), _PAIRS):
        one, other = first[part], second[part]
        reached[one, other] = cosines(left[one], right[other]) >= threshold
    return reached


def _norms(rows: Floats) -> Floats:
    return np.sqrt(_sums(rows * rows))


def _sums(rows: Floats) -> Floats:
    """Sums of rows, in an order that numpy keeps everywhere; einsum and BLAS do not."""
    return np.asarray(rows.sum(axis=1), np.float64)

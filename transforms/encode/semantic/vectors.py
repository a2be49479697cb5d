"""Rows of unit length, blocks of rows, and exact cosines of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

BLOCK = 4096
"""Rows that are compared at a time: a block of similarities takes 64 MiB."""

DECIMALS = 6
"""Decimals that a cosine of float32 vectors carries."""

_LEAST_NORM = 1e-12
_PAIRS = 16_384


def unit_rows(matrix: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows at unit length; a row of zeros stays one.

    Args:
        matrix: Shape (n, d), of any kind of floating point number, finite.

    Returns:
        Shape (n, d), a copy.

    Raises:
        ValueError: A value is not finite: no similarity to it has a meaning.
    """
    rows = np.array(matrix, np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
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
    """How far a float32 product may lie below the exact cosine of two unit rows.

    Half a unit in the last place for each of the additions (Higham, Accuracy and
    Stability of Numerical Algorithms, section 3.1), and the rounding of the rows.
    """
    return (dimensions + 8) * 2.0**-24 + 0.5 * 10.0**-DECIMALS


def cosines(
    matrix: NDArray[np.float32],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Cosines of pairs of rows in float64, rounded to `DECIMALS`.

    Rounded, they are the same whatever the order of the additions, and equal vectors
    have exactly 1.

    Args:
        matrix: Shape (n, d).
        first: Shape (p,), rows.
        second: Shape (p,), rows.

    Returns:
        Shape (p,); 0 where a row is zero.
    """
    result = np.empty(len(first), np.float64)
    for part in blocks(len(first), _PAIRS):
        left = matrix[first[part]].astype(np.float64)
        right = matrix[second[part]].astype(np.float64)
        dots = np.einsum("ij,ij->i", left, right)
        norms = np.einsum("ij,ij->i", left, left) * np.einsum("ij,ij->i", right, right)
        result[part] = dots / np.maximum(np.sqrt(norms), _LEAST_NORM)
    return np.round(result, DECIMALS)

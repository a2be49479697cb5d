"""How differently two sets of targets go with two sets of attributes.

Source: Caliskan, Bryson and Narayanan, Semantics derived automatically from language
corpora contain human-like biases (Science 356, 2017), the Word Embedding Association
Test. The deviation is that of a sample: with it the published digits come out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def unit(vectors: NDArray[np.floating]) -> Doubles:
    """Vectors of length 1, shape (..., width); none of them may be of zeros."""
    wide = vectors.astype(np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=-1, keepdims=True))


def associations(targets: Doubles, first: Doubles, second: Doubles) -> Doubles:
    """Mean cosine to the first attributes less that to the second, for each target.

    All are of unit length: targets (..., n, width), attributes (..., m, width).
    """
    direction = first.mean(axis=-2) - second.mean(axis=-2)
    return np.asarray(np.einsum("...nw,...w->...n", targets, direction))


def effect_size(values: Doubles, first: int) -> Doubles:
    """Difference of the means of two sets, in deviations of both together.

    `values` are associations, (..., n), of which the `first` so many are of the first
    set. Not a number where all are equal; within about -2 and 2 otherwise.
    """
    difference = values[..., :first].mean(axis=-1) - values[..., first:].mean(axis=-1)
    deviation = values.std(axis=-1, ddof=1)
    # What only rounding makes differ has no deviation.
    least = 1e-12 * np.abs(values).max(axis=-1)
    nothing = np.full_like(difference, np.nan)
    return np.asarray(
        np.divide(difference, deviation, out=nothing, where=deviation > least)
    )

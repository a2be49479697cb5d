"""The finaliser of splitmix64, for numbers that are drawn by a hash."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def splitmix64(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix words by a bijection of 64 bits.

    Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators
    (OOPSLA 2014), figure 16, variant 13.
    """
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))

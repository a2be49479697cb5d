"""Concepts erased from vectors in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isinglass.transforms.leace.eraser import Eraser, read_eraser


def erase_concept(vectors: ArrayLike, eraser: str | Path | Eraser) -> NDArray[Any]:
    """Erase from vectors what a run with `encode.erase_concept` erased from its own.

    Args:
        vectors: Numbers of shape (n, d), float16, float32 or float64; of the model, the
            pooling and the length that `Eraser.about` tells.
        eraser: `embeddings_erased/_eraser.npz` of a run, or an eraser.

    Returns:
        Copies of the same shape, float32, or float64 where the vectors are. They are
        not of unit length: to make them so would let the concept in again.

    Raises:
        InputError: The file holds no eraser, or is for vectors of another width.
        TypeError: The vectors are no matrix of floats.
    """
    matrix = np.asarray(vectors)
    if not np.issubdtype(matrix.dtype, np.floating):
        raise TypeError(f"vectors are of {matrix.dtype}, and must be floats")
    found = eraser if isinstance(eraser, Eraser) else read_eraser(eraser)
    return found.apply(matrix)

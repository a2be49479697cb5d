"""The arrays of a run: one `.npy` file each, which may be mapped into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def read_array(path: Path) -> NDArray[Any]:
    """An array, held in memory."""
    array: NDArray[Any] = np.load(path, allow_pickle=False)
    return array


def map_array(path: Path) -> NDArray[Any]:
    """An array that stays in its file, read where it is looked at."""
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array.view(np.ndarray)


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write one array."""
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)

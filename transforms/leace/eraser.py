"""The map that erases a concept from vectors, and the file that holds it.

LEACE (Belrose et al., LEACE: Perfect linear concept erasure in closed form, NeurIPS
2023, theorem 4.2): with W the pseudo-inverse of the root of the covariance of the
vectors, and P the orthogonal projection on the columns of W times their covariance with
the labels, x becomes x - W^+ P W (x - mean). Afterwards no value covaries with a label,
so that no linear predictor of a label is better than a constant one, under any convex
loss; and no other affine map that does it changes the vectors less, in mean square.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Floats
from isinglass.schemas.errors import InputError
from isinglass.transforms.leace.moments import BLOCK, Moments

LEAST_COVARIANCE = 1e-9
"""A direction whose whitened covariance with all labels is less is left in place: what
is left of it is of the size of rounding."""

_ARRAYS = ("mean", "left", "right")


@dataclass(frozen=True, eq=False)
class Eraser:
    """x becomes x - left @ right @ (x - mean).

    Attributes:
        mean: Mean of the vectors it was fitted on, (d,).
        left: (d, r), of the rank r that is taken out.
        right: (r, d).
        about: JSON-able: what it erases, and from vectors of which model.
    """

    mean: Floats
    left: Floats
    right: Floats
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def dimensions(self) -> int:
        """Values of a vector."""
        return len(self.mean)

    @property
    def rank(self) -> int:
        """Dimensions that are taken out; at most the number of labels."""
        return len(self.right)

    def apply(self, vectors: NDArray[np.floating]) -> NDArray[Any]:
        """Erased copies of vectors, (n, d); float32, or float64 if they are.

        They are not of unit length: to make them so would let the concept in again.

        Raises:
            InputError: The vectors have another number of values.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self.dimensions:  # noqa: PLR2004
            raise InputError(
                f"The eraser is for vectors of {self.dimensions} values, in a matrix "
                f"with a row for each; these have the shape {vectors.shape}. Erase "
                "from vectors of the model that it was fitted on."
            )
        wide = vectors.dtype == np.float64
        erased = np.empty(vectors.shape, np.float64 if wide else np.float32)
        for start in range(0, len(vectors), BLOCK):
            part = vectors[start : start + BLOCK].astype(np.float64)
            lost = ((part - self.mean) @ self.right.T) @ self.left.T
            erased[start : start + BLOCK] = part - lost
        return erased


def finish(moments: Moments, labels: NDArray[np.intp] | None = None) -> Eraser:
    """The eraser of some labels, given by their places; of all of them by default.

    Where there are fewer rows than dimensions, or values that depend on others, the
    pseudo-inverse leaves directions alone in which nothing varies.
    """
    chosen = moments.across if labels is None else moments.across[:, labels]
    scale = 1.0 / max(1, moments.rows)
    values, vectors = np.linalg.eigh(moments.within * scale)
    least = values.max(initial=0.0) * len(values) * np.finfo(np.float64).eps
    varies = values > least
    basis, roots = vectors[:, varies], np.sqrt(values[varies])
    whitened = (basis / roots).T @ (chosen * scale)
    left, strengths, _ = np.linalg.svd(whitened, full_matrices=False)
    left = left[:, strengths > LEAST_COVARIANCE]
    return Eraser(moments.vector, (basis * roots) @ left, left.T @ (basis / roots).T)


def changed_share(moments: Moments, eraser: Eraser) -> float:
    """Share of the variance of the vectors that erasing takes, 0 to 1 or more."""
    moved = eraser.left @ (eraser.right @ moments.within) @ eraser.right.T
    whole = float(np.trace(moments.within))
    return float(np.trace(moved @ eraser.left.T)) / whole if whole else 0.0


def to_bytes(eraser: Eraser) -> bytes:
    """The contents of an `.npz` file, equal for equal erasers."""
    buffer = io.BytesIO()
    arrays = {name: getattr(eraser, name) for name in _ARRAYS}
    about = np.array(json.dumps(eraser.about, sort_keys=True))
    np.savez(buffer, about=about, **arrays)
    return buffer.getvalue()


def read_eraser(path: str | Path) -> Eraser:
    """Read an eraser that a run or `to_bytes` wrote; nothing in it is executed.

    Raises:
        InputError: The file is missing or holds no eraser.
    """
    try:
        # numpy leaves a file open that it cannot read.
        content = io.BytesIO(Path(path).read_bytes())
        with np.load(content, allow_pickle=False) as file:
            mean, left, right = (np.asarray(file[n], np.float64) for n in _ARRAYS)
            about = json.loads(str(file["about"]))
    except (
        OSError,
        KeyError,
        ValueError,
        TypeError,
        EOFError,
        zipfile.BadZipFile,
    ) as e:
        raise InputError(
            f"{path} cannot be read as an eraser: it is missing, damaged or none. A "
            "run with encode.erase_concept writes one to embeddings_erased/_eraser.npz."
        ) from e
    if left.shape[::-1] != right.shape or left.shape[:1] != mean.shape:
        raise InputError(f"{path} holds an eraser whose parts do not fit each other.")
    return Eraser(mean, left, right, about)

"""What the usual arrays are called; their shapes are told where they are used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Words = NDArray[np.uint64]
Flags = NDArray[np.bool_]

"""The documents of one forward pass, on the device that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(frozen=True)
class DeviceBatch:
    """Documents laid end to end, longest first.

    Attributes:
        ids: int32, shape (tokens,), on the device.
        starts: Where each document begins in `ids`, and at last where the last one
            ends: int32, shape (n + 1,), on the device.
        lengths: Tokens of each document, shape (n,), on the host, so that nobody
            waits for the device to ask it; none is 0, and they never rise.
    """

    ids: Tensor
    starts: Tensor
    lengths: NDArray[np.int64]

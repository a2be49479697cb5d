"""The documents of one forward pass, on the device that runs it.

Nothing here asks the device for a value: what the host must know comes from the
lengths it holds, and what the device must know is computed there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from isinglass.transforms.encode.batching import equal_runs

if TYPE_CHECKING:
    from torch import Tensor


class Run(NamedTuple):
    """Documents of `length` tokens side by side, from token to token."""

    start: int
    stop: int
    documents: int
    length: int


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

    @cached_property
    def longest(self) -> int:
        """Tokens of the longest document."""
        return int(self.lengths.max())

    @cached_property
    def runs(self) -> list[Run]:
        """Stretches of equal length, in order; worked out once for all layers."""
        runs, start = [], 0
        for first, last in equal_runs(self.lengths):
            count, length = last - first, int(self.lengths[first])
            stop = start + count * length
            runs.append(Run(start, stop, count, length))
            start = stop
        return runs

    def token_rows(self) -> Tensor:
        """The document of each token: int64, shape (tokens,), on the device."""
        starts = self.starts.long()
        # Told how long the result is, torch need not wait for the device to say so.
        return torch.repeat_interleave(
            torch.arange(starts.shape[0] - 1, device=starts.device),
            starts.diff(),
            output_size=self.ids.shape[0],
        )

    def token_places(self, rows: Tensor) -> Tensor:
        """The place of each token in its document, from 0: int64, shape (tokens,)."""
        tokens = torch.arange(self.ids.shape[0], device=rows.device)
        return tokens - self.starts.long()[rows]

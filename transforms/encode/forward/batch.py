"""The documents of one forward pass, on the device that runs it, and their vectors.

Nothing here asks the device for a value: what the host must know comes from the
lengths it holds, and what the device must know is computed there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import linear

from isinglass.transforms.encode.batching import equal_runs

if TYPE_CHECKING:
    from torch import Tensor

    # Hidden states to vectors of the batch's documents: float32, (n, dimensions).
    Pooling = Callable[["DeviceBatch", Tensor], Tensor]


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


def pool_mean(batch: DeviceBatch, hidden: Tensor) -> Tensor:
    """Mean of each document's hidden states, special tokens included."""
    if hidden.device.type != "cpu":
        return _mean_by_segments(batch, hidden)
    means = []
    for run in batch.runs:
        rows = hidden[run.start : run.stop].view(run.documents, run.length, -1)
        means.append(rows.mean(1, dtype=torch.float32))
    return torch.cat(means)


def pool_first(batch: DeviceBatch, hidden: Tensor) -> Tensor:
    """Hidden state of each document's first token, which is [CLS] or its like."""
    return hidden[batch.starts[:-1].long()].float()


@dataclass(frozen=True)
class Pooler:
    """The model's own head: tanh of an affine map of the first hidden state.

    Weight (width, width) and bias (width,) are float32.
    """

    weight: Tensor
    bias: Tensor

    def __call__(self, batch: DeviceBatch, hidden: Tensor) -> Tensor:
        """See `Pooling`."""
        return linear(pool_first(batch, hidden), self.weight, self.bias).tanh()


def _mean_by_segments(batch: DeviceBatch, hidden: Tensor) -> Tensor:
    """In one kernel, in a fixed order of summation, and without waiting for it."""
    # The checks that `unsafe` leaves out would ask the device for the lengths.
    return torch.segment_reduce(
        hidden.float(), "mean", lengths=batch.starts.diff().long(), axis=0, unsafe=True
    )

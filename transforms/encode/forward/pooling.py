"""Packed hidden states to one vector a document, in float32 and not normalised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import linear

if TYPE_CHECKING:
    from torch import Tensor

    from isinglass.transforms.encode.forward.batch import DeviceBatch

    # Hidden states to vectors of the batch's documents: float32, (n, dimensions).
    Pooling = Callable[[DeviceBatch, Tensor], Tensor]


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

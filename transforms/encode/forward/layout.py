"""Where the documents of a batch lie, worked out once for all layers.

Nothing here asks the device for a value: what the host must know comes from the
lengths it holds, and what the device must know is computed there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.transforms.encode.batching import equal_runs

if TYPE_CHECKING:
    from torch import Tensor

    from isinglass.transforms.encode.forward.batch import DeviceBatch


@dataclass(frozen=True)
class Run:
    """Documents of equal length side by side.

    Attributes:
        start: Of its tokens in the batch.
        stop: Of its tokens in the batch.
        count: Documents.
        length: Tokens of each.
    """

    start: int
    stop: int
    count: int
    length: int


@dataclass(frozen=True)
class Layout:
    """What attention needs to know of a batch.

    Attributes:
        runs: Stretches of equal length, in order.
        starts: Of the batch: int32, shape (n + 1,), on the device.
        longest: Tokens of the longest document.
    """

    runs: tuple[Run, ...]
    starts: Tensor
    longest: int


def lay_out(batch: DeviceBatch) -> Layout:
    """The layout of a batch."""
    runs, start = [], 0
    for first, last in equal_runs(batch.lengths):
        count, length = last - first, int(batch.lengths[first])
        stop = start + count * length
        runs.append(Run(start, stop, count, length))
        start = stop
    return Layout(tuple(runs), batch.starts, max(run.length for run in runs))


def token_rows(batch: DeviceBatch) -> Tensor:
    """The document of each token: int64, shape (tokens,), on the device."""
    import torch  # noqa: PLC0415  (optional)

    starts = batch.starts.long()
    count = starts.shape[0] - 1
    # Told how long the result is, torch need not wait for the device to say so.
    return torch.repeat_interleave(
        torch.arange(count, device=starts.device),
        starts.diff(),
        output_size=batch.ids.shape[0],
    )


def token_places(batch: DeviceBatch, rows: Tensor) -> Tensor:
    """The place of each token in its document, from 0: int64, shape (tokens,)."""
    import torch  # noqa: PLC0415  (optional)

    tokens = torch.arange(batch.ids.shape[0], device=rows.device)
    return tokens - batch.starts.long()[rows]

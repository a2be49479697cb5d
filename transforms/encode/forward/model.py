"""What every loaded model offers, whichever way it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from isinglass.transforms.encode.forward.batch import DeviceBatch


class Model(Protocol):
    """Runs batches: `PackedModel` without padding, `PaddedModel` with it."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def padded(self) -> bool:
        """Whether the documents of a batch are filled up to the longest inside."""

    @property
    def device(self) -> torch.device:
        """Where batches are expected and results lie."""

    @property
    def attention(self) -> str:
        """How attention is computed, for reports: `by_length`, `varlen`, ..."""

    def hidden(self, batch: DeviceBatch) -> Tensor:
        """Last hidden states in the model's precision, shape (tokens, width).

        They are packed as the batch is, whether or not the model pads inside.
        """

    def vectors(self, batch: DeviceBatch, hidden: Tensor) -> Tensor:
        """One vector a document from its hidden states, not normalised.

        Args:
            batch: The batch that `hidden` was computed from.
            hidden: What `hidden(batch)` returned.

        Returns:
            float32, shape (n, dimensions), on the device.
        """

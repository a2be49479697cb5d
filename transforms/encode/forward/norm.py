"""Layer normalisation (Ba, Kiros and Hinton, "Layer Normalization", 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Norm:
    """Brings each row to mean 0 and variance 1, then scales and shifts it.

    Mean and variance are float32 inside torch whatever the precision of the rows.

    Attributes:
        weight: Shape (width,).
        bias: Shape (width,).
        epsilon: Added to the variance.
    """

    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, hidden: Tensor) -> Tensor:
        """Normalised rows, same shape."""
        from torch.nn.functional import layer_norm  # noqa: PLC0415  (optional)

        shape = self.weight.shape
        return layer_norm(hidden, shape, self.weight, self.bias, self.epsilon)

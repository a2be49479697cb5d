"""Floating-point operations of a forward pass, and how many a device does a second."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isinglass.transforms.encode.forward.products import product

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

# Side of the square matrices: large enough that memory is no limit.
_SIDES = {"cuda": 8192, "cpu": 1024}
_ENOUGH_SECONDS = 0.5
_MOST_ROUNDS = 50


@dataclass(frozen=True)
class Shape:
    """The numbers that decide how much a transformer computes.

    Attributes:
        layers: Transformer layers.
        width: Dimensions of a hidden state.
        inner: Dimensions inside the feed-forward part.
    """

    layers: int
    width: int
    inner: int

    def operations(self, tokens: int, squares: int) -> float:
        """Of a forward pass: two for each multiplication with its addition.

        A token takes 8 d^2 in the four products of attention and 4 d f in the two of
        the feed-forward part, in each layer; a document of s tokens 4 s^2 d in its
        scores and their sums. Embeddings, norms and activations are not counted.

        Args:
            tokens: Of all documents.
            squares: Sum of the squares of the documents' tokens.
        """
        linear = 8 * self.width**2 + 4 * self.width * self.inner
        return float(self.layers * (linear * tokens + 4 * self.width * squares))


def read_shape(settings: dict[str, Any]) -> Shape | None:
    """From a config.json; None where it does not name all three numbers."""
    names = ("num_hidden_layers", "hidden_size", "intermediate_size")
    values = [settings.get(name) for name in names]
    if not all(isinstance(value, int) for value in values):
        return None
    layers, width, inner = values
    return Shape(layers, width, inner)  # type: ignore[arg-type]


def matrix_rate(device: torch.device, precision: str) -> float:
    """Operations a second in the product of two large matrices, the best of some.

    On a CPU by the same library, with weights laid out beforehand, as the model's own
    products: torch's default takes twice as long there.

    Args:
        device: Where.
        precision: A dtype of torch by its name.
    """
    import torch  # noqa: PLC0415  (optional)

    side = _SIDES.get(device.type, _SIDES["cpu"])
    kind = getattr(torch, precision)
    with torch.inference_mode():
        rows = torch.randn(side, side, device=device).to(kind)
        weight = (torch.randn(side, side, device=device) / side**0.5).to(kind)
        multiply = product(weight, torch.zeros(side, device=device, dtype=kind))
        # The first one loads kernels.
        _seconds(multiply, rows)
        best, spent = float("inf"), 0.0
        for _ in range(_MOST_ROUNDS):
            best = min(best, took := _seconds(multiply, rows))
            spent += took
            if spent > _ENOUGH_SECONDS:
                break
    return 2.0 * side**3 / best


def _seconds(
    multiply: Callable[[torch.Tensor], torch.Tensor], rows: torch.Tensor
) -> float:
    import torch  # noqa: PLC0415  (optional)

    if rows.device.type == "cuda":
        torch.cuda.synchronize(rows.device)
    before = time.perf_counter()
    multiply(rows)
    if rows.device.type == "cuda":
        torch.cuda.synchronize(rows.device)
    return time.perf_counter() - before

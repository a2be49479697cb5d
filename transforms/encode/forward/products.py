"""Affine maps with what follows them, by the fastest kernel at hand that is sound.

On a CPU they go through oneDNN with weights laid out beforehand, where torch offers
that: a tenth faster than torch's default in both precisions, and twice as fast in
bfloat16 as in float32 where the processor has instructions for it (on a shared core of
an AMD EPYC 215 against 107 GFLOP/s). The operators are not public, so each is compared
with the public function before it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from isinglass.transforms.encode.forward.agreement import agree
from isinglass.transforms.encode.forward.architecture import ACTIVATIONS

if TYPE_CHECKING:
    from torch import Tensor

    Product = Callable[[Tensor], Tensor]
    SumProduct = Callable[[Tensor, Tensor], Tensor]

# Rows for which oneDNN lays the weights out; any number of rows can use them.
_TYPICAL_ROWS = 1024
# A few units of the last place of values up to about 4, by bytes of a number.
_SELF_TEST_TOLERANCE = {4: 1e-4, 2: 0.05}


def product(weight: Tensor, bias: Tensor, activation: str = "") -> Product:
    """The function x -> activation(x W' + b), by oneDNN where it is sound.

    Weight (outputs, inputs) and bias (outputs,) are in the precision of the rows to
    come; the activation is a key of `ACTIVATIONS`, or empty for none.
    """
    kind, approximation = ACTIVATIONS.get(activation, ("none", ""))

    def plain(rows: Tensor) -> Tensor:
        result = functional.linear(rows, weight, bias)
        if kind == "gelu":
            return functional.gelu(result, approximate=approximation)
        return functional.relu(result) if kind == "relu" else result

    fast = onednn_product(weight, bias, kind, approximation)
    tolerance = _SELF_TEST_TOLERANCE[weight.element_size()]
    if fast is not None and agree(fast, plain, tolerance, _sample(weight)):
        return fast
    return plain


def sum_product(weight: Tensor, bias: Tensor) -> SumProduct:
    """The function (x, y) -> x W' + b + y, by oneDNN where it is sound.

    The sum is rounded to the precision of the rows only once where oneDNN does it.
    See `product`.
    """

    def plain(rows: Tensor, other: Tensor) -> Tensor:
        return functional.linear(rows, weight, bias).add_(other)

    fast = onednn_sum_product(weight, bias)
    sample, tolerance = _sample(weight), _SELF_TEST_TOLERANCE[weight.element_size()]
    other = functional.linear(sample, weight, bias)
    if fast is not None and agree(fast, plain, tolerance, sample, other):
        return fast
    return plain


def onednn_product(
    weight: Tensor, bias: Tensor, kind: str, approximation: str
) -> Product | None:
    """By the operators that torch's own compiler emits for frozen models.

    None on another device, in a precision the processor has no instructions for, or
    where torch was built without them.
    """
    laid_out = _laid_out(weight)
    if laid_out is None:
        return None
    operator = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001

    def multiply(rows: Tensor) -> Tensor:
        result: Tensor = operator(rows, laid_out, bias, kind, [], approximation)
        return result

    return multiply


def onednn_sum_product(weight: Tensor, bias: Tensor) -> SumProduct | None:
    """Like `onednn_product`, with a second term."""
    laid_out = _laid_out(weight)
    if laid_out is None:
        return None
    operator = getattr(torch.ops.mkldnn._linear_pointwise, "binary", None)  # noqa: SLF001
    if operator is None:
        return None

    def multiply(rows: Tensor, other: Tensor) -> Tensor:
        result: Tensor = operator(rows, other, laid_out, bias, "add")
        return result

    return multiply


def _laid_out(weight: Tensor) -> Tensor | None:
    """The weights in oneDNN's own order, or None where it cannot run."""
    operators = torch.ops.mkldnn
    names = ("_reorder_linear_weight", "_linear_pointwise")
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return None
    if not all(hasattr(operators, name) for name in names):
        return None
    try:
        laid_out: Tensor = operators._reorder_linear_weight(  # noqa: SLF001
            weight.contiguous(), _TYPICAL_ROWS
        )
    except RuntimeError:  # no instructions for this precision
        return None
    return laid_out


def _sample(weight: Tensor) -> Tensor:
    """Rows whose products with the weights are about as large as a row of them."""
    rows = weight[:16].float()
    unit: Tensor = rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-6)
    return unit.to(weight.dtype)

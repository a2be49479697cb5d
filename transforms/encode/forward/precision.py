"""The number format that weights and hidden states have while a model runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    import torch

PRECISIONS = ("float32", "bfloat16", "float16")
"""float32: 24 bits of precision, bfloat16: 8 with the range of float32, float16: 11
up to 65,504. Sums inside products, normalisation, softmax and pooling are float32 in
all three."""


def tensor_type(precision: str, device: torch.device) -> torch.dtype:
    """The torch type of a precision.

    float16 works on a CPU too, but most have no instructions for it: expect a tenth
    of the speed of float32.

    Raises:
        ConfigError: There is no such precision, or the GPU cannot compute in it.
    """
    import torch  # noqa: PLC0415  (optional)

    if precision not in PRECISIONS:
        msg = (
            f"encode.precision: {precision!r} is none of {', '.join(PRECISIONS)}. "
            "Choose one of them."
        )
        raise ConfigError(msg)
    if (
        precision == "bfloat16"
        and device.type == "cuda"
        and not torch.cuda.is_bf16_supported()
    ):
        msg = (
            "encode.precision: this GPU has no bfloat16 arithmetic. Set it to float16 "
            "or float32."
        )
        raise ConfigError(msg)
    chosen: torch.dtype = getattr(torch, precision)
    return chosen

"""A model folder to a model, by the fastest way that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode.forward.bert import load_packed
from isinglass.transforms.encode.forward.padded import load_padded

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from isinglass.transforms.encode.forward.model import Model

POOLINGS = ("mean", "cls", "pooler")


def load_model(
    folder: Path, device: torch.device, precision: str, pooling: str
) -> Model:
    """Load a model folder, without padding where its architecture is known.

    Args:
        folder: With config.json and safetensors; no code in it is run.
        device: Where the model runs.
        precision: `float32`, `bfloat16` or `float16`, of weights and hidden states.
        pooling: `mean` of all hidden states, `cls` (the first one) or the model's
            own `pooler`.

    Raises:
        ConfigError: There is no such precision or pooling, or the device cannot
            compute in it.
        MissingExtraError: transformers is needed and not installed.
        RefuseError: The weights cannot be read, one is missing or of another shape,
            or the model has no such pooling.
    """
    if pooling not in POOLINGS:
        msg = (
            f"encode.pooling: {pooling!r} is none of {', '.join(POOLINGS)}. Choose one "
            "of them."
        )
        raise ConfigError(msg)
    packed = load_packed(folder, device, precision, pooling)
    if packed is not None:
        return packed
    return load_padded(folder, device, precision, pooling)

"""A model folder to a model, by the fastest way that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode.forward.bert import load_packed
from isinglass.transforms.encode.forward.checkpoint import open_weights
from isinglass.transforms.encode.forward.padded import load_padded, refuse_decoder
from isinglass.transforms.encode.models import model_settings, weight_files

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


def check_model(folder: Path, pooling: str) -> None:
    """Refuse what `load_model` would refuse, as far as that can be seen in the files.

    Tensors are looked at one by one and not kept. For a model that only `transformers`
    runs, the files must be readable and the model no encoder-decoder.

    Args:
        folder: With config.json and safetensors.
        pooling: `mean`, `cls` or `pooler`.

    Raises:
        RefuseError: The weights cannot be read, one is missing or of another shape,
            or the model has no such pooling.
    """
    import torch  # noqa: PLC0415  (optional)

    for file in weight_files(folder):
        open_weights(file)
    if load_packed(folder, torch.device("meta"), "float32", pooling) is None:
        shape = model_settings(folder)
        if shape.get("is_encoder_decoder", False):
            refuse_decoder(folder, shape["model_type"])

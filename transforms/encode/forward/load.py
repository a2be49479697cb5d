"""A model folder to a model, by the fastest way that runs it; imports without torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode.models.folder import model_settings, weight_files

if TYPE_CHECKING:
    import torch

    from isinglass.transforms.encode.forward.bert import PackedModel
    from isinglass.transforms.encode.forward.padded import PaddedModel

    Model = PackedModel | PaddedModel


def load_model(
    folder: Path, device: torch.device, precision: str, pooling: str
) -> Model:
    """Load a model folder, without padding where its architecture is known.

    No code in the folder is run. Of the precisions of weights and hidden states,
    `float32` has 24 bits, `bfloat16` 8 with the range of float32, `float16` 11 up to
    65,504, and most CPUs have no instructions for it: expect a tenth of the speed. Sums
    inside products, normalisation, softmax and pooling are float32 in all three. The
    pooling is `mean` of all hidden states, `cls` (the first one) or the model's own
    `pooler`.

    Raises:
        ConfigError: The device cannot compute in this precision.
        MissingExtraError: transformers is needed and not installed.
        RefuseError: The weights cannot be read, one is missing or of another shape,
            or the model has no such pooling.
    """
    import torch  # noqa: PLC0415  (optional)

    from isinglass.transforms.encode.forward import bert, padded  # noqa: PLC0415

    if (
        precision == "bfloat16"
        and device.type == "cuda"
        and not torch.cuda.is_bf16_supported()
    ):
        raise ConfigError(
            "encode.precision: this GPU has no bfloat16 arithmetic. Set it to float16 "
            "or float32."
        )
    number = getattr(torch, precision)
    packed = bert.load_packed(folder, device, number, pooling)
    if packed is not None:
        return packed
    return padded.load_padded(folder, device, number, pooling)


def check_model(folder: Path, pooling: str) -> None:
    """Refuse what `load_model` would refuse, as far as that can be seen in the files.

    Tensors are looked at one by one and not kept. For a model that only `transformers`
    runs, the files must be readable and the model no encoder-decoder.
    """
    import torch  # noqa: PLC0415  (optional)

    from isinglass.transforms.encode.forward import (  # noqa: PLC0415  (torch)
        bert,
        checkpoint,
        padded,
    )

    for file in weight_files(folder):
        checkpoint.open_weights(file)
    if bert.load_packed(folder, torch.device("meta"), torch.float32, pooling) is None:
        shape = model_settings(folder)
        if shape.get("is_encoder_decoder", False):
            padded.refuse_decoder(folder, shape["model_type"])

"""Weights of a model folder: safetensors, in one file or several.

Tensors are read one at a time, so that a checkpoint is never in memory twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.models.folder import CONFIG_FILE, weight_files

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by their name inside the encoder.

    Attributes:
        tensors: By the name inside the encoder, the open file that holds it and its
            name there, which may have a prefix or be an older one.
    """

    folder: Path
    tensors: dict[str, tuple[Any, str]]

    def tensor(self, name: str, *shape: int, device: torch.device) -> Tensor:
        """One tensor as float32 on the device.

        The name is that inside the encoder, e.g. `embeddings.word_embeddings.weight`;
        the shape is what it must have according to config.json.

        Raises:
            RefuseError: It is missing, has another shape or holds no floats.
        """
        if name not in self.tensors:
            raise RefuseError(
                f"encode.model: {self.folder} has no tensor {name}. Its files are of "
                "two models, or the save was cut short; save the model again."
            )
        file, inside = self.tensors[name]
        tensor: Tensor = file.get_tensor(inside)
        if tuple(tensor.shape) != shape:
            raise RefuseError(
                f"encode.model: {self.folder}: tensor {name} is {tuple(tensor.shape)}, "
                f"and {CONFIG_FILE} says {shape}. The files are of two models; save "
                "the model again."
            )
        if not tensor.is_floating_point():
            raise RefuseError(
                f"encode.model: {self.folder}: tensor {name} holds {tensor.dtype}, not "
                "floating-point numbers. Save the model without quantisation."
            )
        return tensor.to(device).float()


def open_checkpoint(folder: Path, anchor: str) -> Checkpoint:
    """Open the weights of a model folder.

    Checkpoints with a head put the encoder under a prefix (`bert.`, `roberta.`), which
    is found by a tensor that every encoder has, the `anchor`. The oldest call weight
    and bias of a normalisation gamma and beta.

    Raises:
        RefuseError: A file is missing or cannot be read as safetensors, or two
            encoders are in it.
    """
    opened = [open_weights(path) for path in weight_files(folder)]
    found = {name: file for file in opened for name in file.keys()}  # noqa: SIM118  (no mapping)
    prefixes = sorted(
        name.removesuffix(anchor)
        for name in found
        if name == anchor or name.endswith(f".{anchor}")
    )
    if len(prefixes) > 1:
        raise RefuseError(
            f"encode.model: {folder} holds {len(prefixes)} encoders, under "
            f"{', '.join(map(repr, prefixes))}. Save the one that is wanted by itself."
        )
    prefix = prefixes[0] if prefixes else ""
    tensors = {}
    for name, file in found.items():
        if name.startswith(prefix):
            inside = name.removeprefix(prefix)
            inside = inside.replace("LayerNorm.gamma", "LayerNorm.weight")
            inside = inside.replace("LayerNorm.beta", "LayerNorm.bias")
            tensors[inside] = (file, name)
    return Checkpoint(folder, tensors)


def open_weights(path: Path) -> Any:
    """A file of weights, of which only the names are read.

    Raises:
        RefuseError: It is damaged, or of another format.
    """
    try:
        return safetensors.safe_open(path, framework="pt")
    except (OSError, safetensors.SafetensorError) as error:
        raise RefuseError(
            f"encode.model: {path} cannot be read as safetensors. Copy or save the "
            "model again."
        ) from error

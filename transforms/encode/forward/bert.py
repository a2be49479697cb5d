"""BERT's forward pass over documents laid end to end, without padding.

Everything but attention works token by token, so it runs over all tokens of a batch
at once, and each document sees itself alone. Source: Devlin et al., "BERT" (2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.forward.architecture import WORDS, read_shape
from isinglass.transforms.encode.forward.attention import choose_attention
from isinglass.transforms.encode.forward.checkpoint import open_checkpoint
from isinglass.transforms.encode.forward.embedding import Embedding
from isinglass.transforms.encode.forward.layer import Layer
from isinglass.transforms.encode.forward.layout import lay_out
from isinglass.transforms.encode.forward.norm import Norm
from isinglass.transforms.encode.forward.pooling import Pooler, pool_first, pool_mean
from isinglass.transforms.encode.forward.precision import tensor_type
from isinglass.transforms.encode.forward.products import product, sum_product
from isinglass.transforms.encode.models import model_settings

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import Tensor

    from isinglass.transforms.encode.forward.architecture import Shape
    from isinglass.transforms.encode.forward.attention import Attention
    from isinglass.transforms.encode.forward.batch import DeviceBatch
    from isinglass.transforms.encode.forward.checkpoint import Checkpoint
    from isinglass.transforms.encode.forward.pooling import Pooling


@dataclass(frozen=True)
class PackedModel:
    """A loaded encoder of the BERT family; see `Model`.

    Attributes:
        dimensions: Of a hidden state and so of a vector.
        device: Where it runs.
        attention: How attention is computed: `by_length`, `varlen` or `flash`.
        longest: Most tokens of a document.
        embedding: Ids to the first hidden states.
        layers: Hidden states to hidden states.
        pooling: Hidden states to vectors.
        padded: Whether batches hold padding; never here.
    """

    dimensions: int
    device: torch.device
    attention: str
    longest: int
    embedding: Embedding
    layers: tuple[Layer, ...]
    pooling: Pooling
    padded: bool = False

    def hidden(self, batch: DeviceBatch) -> Tensor:
        """Last hidden states, shape (tokens, dimensions).

        Raises:
            RefuseError: A document has more tokens than the model has positions for.
        """
        import torch  # noqa: PLC0415  (optional)

        layout = lay_out(batch)
        if layout.longest > self.longest:
            # On a GPU a row beyond the table would end the process.
            msg = (
                f"encode.max_tokens: a document has {layout.longest} tokens and the "
                f"model takes {self.longest}. Set it to {self.longest} or less."
            )
            raise RefuseError(msg)
        with torch.inference_mode():
            hidden = self.embedding(batch)
            for layer in self.layers:
                hidden = layer(hidden, layout)
            return hidden

    def vectors(self, batch: DeviceBatch, hidden: Tensor) -> Tensor:
        """Vectors of the documents: float32, shape (n, dimensions), not normalised."""
        import torch  # noqa: PLC0415  (optional)

        with torch.inference_mode():
            return self.pooling(batch, hidden)


def load_packed(
    folder: Path, device: torch.device, precision: str, pooling: str
) -> PackedModel | None:
    """Load a model folder; None where only `transformers` can run the model.

    Args:
        folder: With config.json and safetensors.
        device: Where the model runs.
        precision: One of `PRECISIONS`.
        pooling: `mean`, `cls` or `pooler`.

    Raises:
        ConfigError: The precision is unknown or not for this device.
        RefuseError: The weights cannot be read, or one is missing or of another
            shape, or the pooler is asked for and there is none.
    """
    shape = read_shape(model_settings(folder))
    if shape is None:
        return None
    weights = _Weights(
        open_checkpoint(folder, WORDS), shape, device, tensor_type(precision, device)
    )
    attention, name = choose_attention(
        shape.heads, shape.width, weights.precision, device
    )
    return PackedModel(
        dimensions=shape.width,
        device=device,
        attention=name,
        longest=shape.longest,
        embedding=_embedding(weights),
        layers=tuple(_layer(weights, n, attention) for n in range(shape.layers)),
        pooling=_pooling(weights, pooling),
    )


@dataclass(frozen=True)
class _Weights:
    checkpoint: Checkpoint
    shape: Shape
    device: torch.device
    precision: torch.dtype

    def wide(self, name: str, *shape: int) -> Tensor:
        """In float32."""
        return self.checkpoint.tensor(name, *shape, device=self.device)

    def affine(self, name: str, outputs: int, inputs: int) -> tuple[Tensor, Tensor]:
        weight = self.wide(f"{name}.weight", outputs, inputs)
        bias = self.wide(f"{name}.bias", outputs)
        return weight.to(self.precision), bias.to(self.precision)

    def norm(self, name: str) -> Norm:
        width = self.shape.width
        weight, bias = (
            self.wide(f"{name}.{part}", width).to(self.precision)
            for part in ("weight", "bias")
        )
        return Norm(weight, bias, self.shape.epsilon)


def _embedding(weights: _Weights) -> Embedding:
    shape = weights.shape
    words = weights.wide(WORDS, shape.vocabulary, shape.width)
    positions = weights.wide(
        "embeddings.position_embeddings.weight", shape.positions, shape.width
    )
    if shape.segments:
        name = "embeddings.token_type_embeddings.weight"
        positions = positions + weights.wide(name, shape.segments, shape.width)[0]
    return Embedding(
        words=words.to(weights.precision),
        positions=positions.to(weights.precision),
        norm=weights.norm("embeddings.LayerNorm"),
        padding=shape.padding,
    )


def _layer(weights: _Weights, number: int, attention: Attention) -> Layer:
    import torch  # noqa: PLC0415  (optional)

    shape = weights.shape
    width, inner = shape.width, shape.inner
    prefix = shape.layer.format(number)
    names = {part: f"{prefix}.{name}" for part, name in shape.parts.items()}
    parts = [
        weights.affine(names[part], width, width) for part in ("query", "key", "value")
    ]
    weight, bias = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    return Layer(
        query_key_value=product(weight, bias),
        attention=attention,
        attention_output=sum_product(
            *weights.affine(names["attention_output"], width, width)
        ),
        attention_norm=weights.norm(names["attention_norm"]),
        intermediate=product(
            *weights.affine(names["intermediate"], inner, width), shape.activation
        ),
        output=sum_product(*weights.affine(names["output"], width, inner)),
        output_norm=weights.norm(names["output_norm"]),
    )


def _pooling(weights: _Weights, pooling: str) -> Pooling:
    if pooling == "mean":
        return pool_mean
    if pooling == "cls":
        return pool_first
    name, width = "pooler.dense", weights.shape.width
    if not weights.shape.pooler or not weights.checkpoint.has(f"{name}.weight"):
        msg = (
            f"encode.pooling: the model in {weights.checkpoint.folder} has no pooler. "
            "Set it to mean or cls."
        )
        raise RefuseError(msg)
    weight = weights.wide(f"{name}.weight", width, width)
    return Pooler(weight, weights.wide(f"{name}.bias", width))

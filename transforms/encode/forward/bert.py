"""BERT's forward pass over documents laid end to end, without padding.

Everything but attention works token by token, so it runs over all tokens of a batch
at once; attention runs over stretches of equally long documents, each document seeing
itself alone. Source: Devlin et al., "BERT" (2019), and Vaswani et al., "Attention Is
All You Need" (2017), section 3; post-layer normalisation, learned absolute positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.batching import equal_runs
from isinglass.transforms.encode.forward.products import ACTIVATIONS, product
from isinglass.transforms.encode.models import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    model_settings,
)

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from isinglass.transforms.encode.forward.products import Product


@dataclass(frozen=True)
class Shape:
    """The numbers in config.json that decide the forward pass.

    Attributes:
        layers: Transformer layers.
        heads: Attention heads; they divide `width`.
        width: Dimensions of a hidden state.
        epsilon: Added to the variance in layer normalisation.
        activation: Of the feed-forward part, by its name in config.json.
        vocabulary: Rows of the embedding table.
    """

    layers: int
    heads: int
    width: int
    epsilon: float
    activation: str
    vocabulary: int


def read_shape(settings: dict[str, Any]) -> Shape | None:
    """The shape of a model this module can run; None for every other one."""
    if (
        settings.get("model_type") != "bert"
        or settings.get("position_embedding_type", "absolute") != "absolute"
        or settings.get("is_decoder", False)
        or settings.get("hidden_act", "gelu") not in ACTIVATIONS
    ):
        return None
    # What config.json leaves out has the value of the published BERT-base.
    return Shape(
        layers=settings.get("num_hidden_layers", 12),
        heads=settings.get("num_attention_heads", 12),
        width=settings.get("hidden_size", 768),
        epsilon=settings.get("layer_norm_eps", 1e-12),
        activation=settings.get("hidden_act", "gelu"),
        vocabulary=settings["vocab_size"],
    )


@dataclass(frozen=True)
class _Norm:
    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, hidden: Tensor) -> Tensor:
        from torch.nn.functional import layer_norm  # noqa: PLC0415  (optional)

        shape = self.weight.shape
        return layer_norm(hidden, shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True)
class _Layer:
    """One transformer layer; query, key and value are one product."""

    heads: int
    query_key_value: Product
    attention_output: Product
    attention_norm: _Norm
    intermediate: Product
    output: Product
    output_norm: _Norm

    def __call__(
        self, hidden: Tensor, lengths: NDArray[np.int64], runs: list[tuple[int, int]]
    ) -> Tensor:
        """Hidden states of the next layer, shape (tokens, width)."""
        context = self._attend(self.query_key_value(hidden), lengths, runs)
        hidden = self.attention_norm(self.attention_output(context).add_(hidden))
        return self.output_norm(self.output(self.intermediate(hidden)).add_(hidden))

    def _attend(
        self, mixed: Tensor, lengths: NDArray[np.int64], runs: list[tuple[int, int]]
    ) -> Tensor:
        """Attention of each document to itself, stretch by stretch."""
        from torch.nn.functional import (  # noqa: PLC0415  (optional)
            scaled_dot_product_attention,
        )

        width = mixed.shape[1] // 3
        context = mixed.new_empty(mixed.shape[0], width)
        start = 0
        for first, last in runs:
            count, length = last - first, int(lengths[first])
            stop = start + count * length
            split = mixed[start:stop].view(count, length, 3, self.heads, -1)
            query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
            seen = scaled_dot_product_attention(query, key, value)
            seen = seen.transpose(1, 2).reshape(count * length, width)
            context[start:stop] = seen
            start = stop
        return context


@dataclass(frozen=True)
class PackedBert:
    """A loaded BERT encoder.

    Attributes:
        dimensions: Of a hidden state and so of a vector.
        padded: Whether batches hold padding; never here.
    """

    dimensions: int
    words: Tensor
    positions: Tensor
    norm: _Norm
    layers: tuple[_Layer, ...]
    padded: bool = False

    def pooled(
        self, ids: NDArray[np.int32], lengths: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Mean of each document's last hidden states.

        Args:
            ids: Tokens of the batch's documents, one after the other.
            lengths: Tokens of each document, shape (n,); equal ones side by side run
                fastest. None is 0.

        Returns:
            Shape (n, dimensions), not normalised.
        """
        import torch  # noqa: PLC0415  (optional)

        runs = equal_runs(lengths)
        with torch.inference_mode():
            hidden = self._embed(ids, lengths)
            for layer in self.layers:
                hidden = layer(hidden, lengths, runs)
            means, start = [], 0
            for first, last in runs:
                count, length = last - first, int(lengths[first])
                stop = start + count * length
                means.append(hidden[start:stop].view(count, length, -1).mean(1))
                start = stop
            result: NDArray[np.float32] = torch.cat(means).cpu().numpy()
            return result

    def _embed(self, ids: NDArray[np.int32], lengths: NDArray[np.int64]) -> Tensor:
        import torch  # noqa: PLC0415  (optional)

        starts = np.cumsum(lengths) - lengths
        places = np.arange(len(ids)) - np.repeat(starts, lengths)
        device = self.words.device
        words = self.words[torch.from_numpy(ids.astype(np.int64)).to(device)]
        return self.norm(
            words.add_(self.positions[torch.from_numpy(places).to(device)])
        )


def load_bert(folder: Path, device: torch.device) -> PackedBert | None:
    """Load a model folder; None where only `transformers` can run the model.

    Raises:
        RefuseError: The weights cannot be read, or one is missing.
    """
    shape = read_shape(model_settings(folder))
    if shape is None:
        return None
    weights = _Weights(_read_tensors(folder / WEIGHTS_FILE), folder, device)
    words = weights["embeddings.word_embeddings.weight"]
    if words.shape != (shape.vocabulary, shape.width):
        msg = (
            f"{folder}: the embedding table is {tuple(words.shape)}, and {CONFIG_FILE} "
            f"says ({shape.vocabulary}, {shape.width}). The files are of two models; "
            "save the model again."
        )
        raise RefuseError(msg)
    # Every token is of the first segment: its vector goes into the positions.
    positions = weights["embeddings.position_embeddings.weight"]
    segment = weights["embeddings.token_type_embeddings.weight"][0]
    return PackedBert(
        dimensions=shape.width,
        words=words,
        positions=positions + segment,
        norm=weights.norm("embeddings.LayerNorm", shape.epsilon),
        layers=tuple(_layer(weights, shape, number) for number in range(shape.layers)),
    )


def _layer(weights: _Weights, shape: Shape, number: int) -> _Layer:
    import torch  # noqa: PLC0415  (optional)

    prefix = f"encoder.layer.{number}"
    names = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
    parts = [weights.affine(name) for name in names]
    weight, bias = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    return _Layer(
        heads=shape.heads,
        query_key_value=product(weight, bias),
        attention_output=product(*weights.affine(f"{prefix}.attention.output.dense")),
        attention_norm=weights.norm(
            f"{prefix}.attention.output.LayerNorm", shape.epsilon
        ),
        intermediate=product(
            *weights.affine(f"{prefix}.intermediate.dense"), shape.activation
        ),
        output=product(*weights.affine(f"{prefix}.output.dense")),
        output_norm=weights.norm(f"{prefix}.output.LayerNorm", shape.epsilon),
    )


@dataclass(frozen=True)
class _Weights:
    """Tensors of a checkpoint by their name in BertModel, float32 on the device."""

    tensors: dict[str, Tensor]
    folder: Path
    device: torch.device

    def __getitem__(self, name: str) -> Tensor:
        if name not in self.tensors:
            msg = (
                f"{self.folder / WEIGHTS_FILE} has no tensor {name}. Its files are of "
                "two models, or the save was cut short; save the model again."
            )
            raise RefuseError(msg)
        return self.tensors[name].to(self.device).float()

    def affine(self, name: str) -> tuple[Tensor, Tensor]:
        return self[f"{name}.weight"], self[f"{name}.bias"]

    def norm(self, name: str, epsilon: float) -> _Norm:
        return _Norm(*self.affine(name), epsilon)


def _read_tensors(path: Path) -> dict[str, Tensor]:
    import safetensors  # noqa: PLC0415  (optional)
    from safetensors.torch import load_file  # noqa: PLC0415  (optional)

    try:
        tensors = load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        msg = f"{path} cannot be read as safetensors. Copy or save the model again."
        raise RefuseError(msg) from error
    # Checkpoints with a head put the encoder under `bert.`; the oldest ones call
    # weight and bias of a normalisation gamma and beta.
    return {
        name.removeprefix("bert.")
        .replace("LayerNorm.gamma", "LayerNorm.weight")
        .replace("LayerNorm.beta", "LayerNorm.bias"): tensor
        for name, tensor in tensors.items()
    }

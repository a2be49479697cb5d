"""BERT's forward pass over documents laid end to end, without padding.

Everything but attention works token by token, so it runs over all tokens of a batch
at once, and each document sees itself alone. Sources: Vaswani et al., "Attention Is All
You Need" (2017), section 3, with the normalisation behind each part, as in Devlin et
al., "BERT" (2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import embedding, layer_norm

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.forward.architecture import WORDS, Shape, read_shape
from isinglass.transforms.encode.forward.attention import choose_attention
from isinglass.transforms.encode.forward.batch import Pooler, pool_first, pool_mean
from isinglass.transforms.encode.forward.checkpoint import Checkpoint, open_checkpoint
from isinglass.transforms.encode.forward.products import product, sum_product
from isinglass.transforms.encode.models.folder import model_settings

if TYPE_CHECKING:
    from torch import Tensor

    from isinglass.transforms.encode.forward.attention import Attention
    from isinglass.transforms.encode.forward.batch import DeviceBatch, Pooling
    from isinglass.transforms.encode.forward.products import Product, SumProduct


@dataclass(frozen=True)
class Embedding:
    """Token ids to the first hidden states: words plus positions, normalised.

    Words are (vocabulary, width), positions (positions, width): every token is of the
    first segment, so that segment's vector is in them already. `padding` is the id from
    behind which positions are numbered; None if they begin at 0.
    """

    words: Tensor
    positions: Tensor
    norm: Product
    padding: int | None

    def __call__(self, batch: DeviceBatch) -> Tensor:
        """First hidden states, shape (tokens, width)."""
        words = embedding(batch.ids, self.words)
        return self.norm(words.add_(embedding(self._places(batch), self.positions)))

    def _places(self, batch: DeviceBatch) -> Tensor:
        rows = batch.token_rows()
        if self.padding is None:
            return batch.token_places(rows)
        # Where text itself holds the padding id, fairseq's rule, which transformers
        # follows, gives that token the padding's position and does not count it.
        counted = (batch.ids != self.padding).long()
        until = counted.cumsum(0)
        first = batch.starts.long()[:-1]
        before = (until[first] - counted[first])[rows]
        return (until - before) * counted + self.padding


@dataclass(frozen=True)
class Layer:
    """Attention, then the feed-forward part; query, key and value are one product."""

    query_key_value: Product
    attention: Attention
    attention_output: SumProduct
    attention_norm: Product
    intermediate: Product
    output: SumProduct
    output_norm: Product

    def __call__(self, hidden: Tensor, batch: DeviceBatch) -> Tensor:
        """Hidden states of the next layer, shape (tokens, width)."""
        context = self.attention(self.query_key_value(hidden), batch)
        return self._rest(context, hidden)

    def of_some(self, hidden: Tensor, batch: DeviceBatch, places: Tensor) -> Tensor:
        """The same for some tokens only, whose places in the batch are given."""
        context = self.attention(self.query_key_value(hidden), batch)
        return self._rest(context[places], hidden[places])

    def _rest(self, context: Tensor, hidden: Tensor) -> Tensor:
        hidden = self.attention_norm(self.attention_output(context, hidden))
        return self.output_norm(self.output(self.intermediate(hidden), hidden))


@dataclass(frozen=True)
class PackedModel:
    """A loaded encoder of the BERT family; see `Model`.

    Attention is computed `by_length`, or by `varlen` or `flash`.
    """

    dimensions: int
    device: torch.device
    attention: str
    longest: int
    embedding: Embedding
    layers: tuple[Layer, ...]
    vectors: Pooling
    padded: bool = False

    def hidden(self, batch: DeviceBatch) -> Tensor:
        """Last hidden states, shape (tokens, dimensions).

        Raises:
            RefuseError: A document has more tokens than the model has positions for.
        """
        if batch.longest > self.longest:
            # On a GPU a row beyond the table would end the process.
            raise RefuseError(
                f"encode.max_tokens: a document has {batch.longest} tokens and the "
                f"model takes {self.longest}. Set it to {self.longest} or less."
            )
        hidden = self.embedding(batch)
        for layer in self.layers:
            hidden = layer(hidden, batch)
        return hidden


def load_packed(
    folder: Path, device: torch.device, precision: torch.dtype, pooling: str
) -> PackedModel | None:
    """`load_model` of a folder; None where only `transformers` can run it."""
    shape = read_shape(model_settings(folder))
    if shape is None:
        return None
    weights = _Weights(open_checkpoint(folder, WORDS), shape, device, precision)
    attention, name = choose_attention(shape.heads, shape.width, precision, device)
    return PackedModel(
        dimensions=shape.width,
        device=device,
        attention=name,
        longest=shape.longest,
        embedding=_embedding(weights),
        layers=tuple(_layer(weights, n, attention) for n in range(shape.layers)),
        vectors=_pooling(weights, pooling),
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

    def pair(self, name: str, *shape: int) -> tuple[Tensor, Tensor]:
        """The weight, and the bias that is added to what it makes."""
        weight = self.wide(f"{name}.weight", *shape)
        bias = self.wide(f"{name}.bias", shape[0])
        return weight.to(self.precision), bias.to(self.precision)

    def norm(self, name: str) -> Product:
        """Layer normalisation (Ba, Kiros and Hinton, 2016) of each row.

        Mean and variance are float32 inside torch whatever the precision of the rows.
        """
        width = self.shape.width
        weight, bias = self.pair(name, width)
        return partial(
            layer_norm,
            normalized_shape=(width,),
            weight=weight,
            bias=bias,
            eps=self.shape.epsilon,
        )


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
    shape = weights.shape
    width, inner = shape.width, shape.inner
    prefix = shape.layer.format(number)
    names = {part: f"{prefix}.{name}" for part, name in shape.parts.items()}
    parts = [
        weights.pair(names[part], width, width) for part in ("query", "key", "value")
    ]
    weight, bias = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    return Layer(
        query_key_value=product(weight, bias),
        attention=attention,
        attention_output=sum_product(
            *weights.pair(names["attention_output"], width, width)
        ),
        attention_norm=weights.norm(names["attention_norm"]),
        intermediate=product(
            *weights.pair(names["intermediate"], inner, width), shape.activation
        ),
        output=sum_product(*weights.pair(names["output"], width, inner)),
        output_norm=weights.norm(names["output_norm"]),
    )


def _pooling(weights: _Weights, pooling: str) -> Pooling:
    if pooling == "mean":
        return pool_mean
    if pooling == "cls":
        return pool_first
    name, width = "pooler.dense", weights.shape.width
    if not weights.shape.pooler or f"{name}.weight" not in weights.checkpoint.tensors:
        raise RefuseError(
            f"encode.pooling: the model in {weights.checkpoint.folder} has no pooler. "
            "Set it to mean or cls."
        )
    weight = weights.wide(f"{name}.weight", width, width)
    return Pooler(weight, weights.wide(f"{name}.bias", width))

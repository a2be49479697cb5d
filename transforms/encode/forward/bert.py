"""BERT's forward pass over documents laid end to end, without padding.

Everything but attention works token by token, so it runs over all tokens of a batch
at once, and each document sees itself alone. Sources: Vaswani et al., "Attention Is All
You Need" (2017), section 3, with the normalisation behind each part, as in Devlin et
al., "BERT" (2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch.nn.functional import embedding

from isinglass.schemas.errors import RefuseError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from isinglass.transforms.encode.forward.attention import Attention
    from isinglass.transforms.encode.forward.batch import DeviceBatch
    from isinglass.transforms.encode.forward.pooling import Pooling
    from isinglass.transforms.encode.forward.products import Product, SumProduct


@dataclass(frozen=True)
class Embedding:
    """Token ids to the first hidden states: words plus positions, normalised.

    Attributes:
        words: Shape (vocabulary, width).
        positions: Shape (positions, width). Every token is of the first segment, so
            that segment's vector is in them already.
        norm: Of the sum.
        padding: Id from behind which positions are numbered; None if they begin at 0.
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
        hidden = self.attention_norm(self.attention_output(context, hidden))
        return self.output_norm(self.output(self.intermediate(hidden), hidden))


@dataclass(frozen=True)
class PackedModel:
    """A loaded encoder of the BERT family; see `Model`.

    Attributes:
        dimensions: Of a hidden state and so of a vector.
        attention: How attention is computed: `by_length`, `varlen` or `flash`.
        longest: Most tokens of a document.
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
            msg = (
                f"encode.max_tokens: a document has {batch.longest} tokens and the "
                f"model takes {self.longest}. Set it to {self.longest} or less."
            )
            raise RefuseError(msg)
        hidden = self.embedding(batch)
        for layer in self.layers:
            hidden = layer(hidden, batch)
        return hidden

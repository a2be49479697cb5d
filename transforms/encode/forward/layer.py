"""One transformer layer over packed hidden states.

Source: Vaswani et al., "Attention Is All You Need" (2017), section 3, with the
normalisation behind each part, as in BERT.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from isinglass.transforms.encode.forward.attention import Attention
    from isinglass.transforms.encode.forward.layout import Layout
    from isinglass.transforms.encode.forward.norm import Norm
    from isinglass.transforms.encode.forward.products import Product, SumProduct


@dataclass(frozen=True)
class Layer:
    """Attention, then the feed-forward part; query, key and value are one product."""

    query_key_value: Product
    attention: Attention
    attention_output: SumProduct
    attention_norm: Norm
    intermediate: Product
    output: SumProduct
    output_norm: Norm

    def __call__(self, hidden: Tensor, layout: Layout) -> Tensor:
        """Hidden states of the next layer, shape (tokens, width)."""
        context = self.attention(self.query_key_value(hidden), layout)
        hidden = self.attention_norm(self.attention_output(context, hidden))
        return self.output_norm(self.output(self.intermediate(hidden), hidden))

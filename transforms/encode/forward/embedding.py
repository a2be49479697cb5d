"""Token ids to the first hidden states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.transforms.encode.forward.layout import token_places, token_rows

if TYPE_CHECKING:
    from torch import Tensor

    from isinglass.transforms.encode.forward.batch import DeviceBatch
    from isinglass.transforms.encode.forward.norm import Norm


@dataclass(frozen=True)
class Embedding:
    """Words plus positions, normalised.

    Attributes:
        words: Shape (vocabulary, width).
        positions: Shape (positions, width). Every token is of the first segment, so
            that segment's vector is in them already.
        norm: Of the sum.
        padding: Id from behind which positions are numbered; None if they begin at 0.
    """

    words: Tensor
    positions: Tensor
    norm: Norm
    padding: int | None

    def __call__(self, batch: DeviceBatch) -> Tensor:
        """First hidden states, shape (tokens, width)."""
        from torch.nn.functional import embedding  # noqa: PLC0415  (optional)

        words = embedding(batch.ids, self.words)
        return self.norm(words.add_(embedding(self._places(batch), self.positions)))

    def _places(self, batch: DeviceBatch) -> Tensor:
        rows = token_rows(batch)
        if self.padding is None:
            return token_places(batch, rows)
        # Where text itself holds the padding id, fairseq's rule, which transformers
        # follows, gives that token the padding's position and does not count it.
        counted = (batch.ids != self.padding).long()
        until = counted.cumsum(0)
        first = batch.starts.long()[:-1]
        before = (until[first] - counted[first])[rows]
        return (until - before) * counted + self.padding

"""Documents that are cut into batches together, and the rows they come back as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers, Singles
from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.batching import token_index

if TYPE_CHECKING:
    from isinglass.transforms.encode.tokenizers.batch import TokenBatch


@dataclass(frozen=True)
class Encoded:
    """Vectors of documents, in their order.

    Attributes:
        vectors: Shape (n, dimensions), float32.
        offsets: Shape (n + 1,), int64: which rows of `hidden` are whose. A document
            of more tokens than the encoder sees has as many rows as it sees.
        hidden: Shape (tokens, width of the model), float16; None where not asked for.
            Values beyond 65,504 are infinite in float16.
    """

    vectors: Singles
    offsets: Integers
    hidden: NDArray[np.float16] | None = None


class Window:
    """Documents under way, cut to what the model sees, and what has come back.

    Tokens of batches that have not come back yet are `left`.
    """

    def __init__(self, tokens: TokenBatch, dimensions: int, *, hidden: bool) -> None:
        self.tokens = tokens
        self.lengths = tokens.lengths
        self.left = int(self.lengths.sum())
        self._vectors = np.zeros((len(self.lengths), dimensions), np.float32)
        self._hidden: NDArray[np.float16] | None = None
        if hidden and self.left == 0:
            self._hidden = np.zeros((0, dimensions), np.float16)

    @property
    def encoded(self) -> Encoded:
        """What has come back."""
        return Encoded(self._vectors, self.tokens.offsets, self._hidden)

    def gather(self, rows: Integers) -> NDArray[np.int32]:
        """The tokens of some documents, one after the other."""
        return self.tokens.values[self._places(rows)]

    def put(
        self, rows: Integers, vectors: Singles, hidden: NDArray[np.float16] | None
    ) -> None:
        """Copy what came back for some documents to its place.

        Raises:
            RefuseError: A vector is infinite or not a number.
        """
        if not np.isfinite(vectors).all():
            raise RefuseError(
                "The model gave a vector with values that are infinite or no numbers. "
                "Where encode.precision is float16, set it to bfloat16 or float32; "
                "otherwise the weights are damaged."
            )
        self._vectors[rows] = vectors
        if hidden is not None:
            if self._hidden is None:
                shape = (len(self.tokens.values), hidden.shape[1])
                self._hidden = np.empty(shape, np.float16)
            self._hidden[self._places(rows)] = hidden
        self.left -= int(self.lengths[rows].sum())

    def _places(self, rows: Integers) -> Integers:
        return token_index(self.tokens.offsets[rows], self.lengths[rows])

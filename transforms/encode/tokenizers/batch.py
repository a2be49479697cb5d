"""Token ids of many documents in one flat array, and how they are shortened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.encode.batching import token_index

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class TokenBatch:
    """Token ids of documents, laid out as an Arrow list.

    Attributes:
        values: All ids, int32.
        offsets: Shape (n + 1,), int64: where each document starts and ends.
        suffix: Special tokens that close every document; kept by `cut`.
    """

    values: NDArray[np.int32]
    offsets: NDArray[np.int64]
    suffix: int = 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each document."""
        return np.diff(self.offsets)


def cut(tokens: TokenBatch, max_tokens: int) -> TokenBatch:
    """Shorten documents as the library's own truncation does.

    The text's tokens are cut from the right; the special tokens stay.
    """
    lengths = tokens.lengths
    long = np.flatnonzero(lengths > max_tokens)
    if len(long) == 0:
        return tokens
    kept = np.minimum(lengths, max_tokens)
    values = tokens.values[token_index(tokens.offsets[:-1], kept)]
    offsets = np.zeros_like(tokens.offsets)
    np.cumsum(kept, out=offsets[1:])
    for back in range(1, tokens.suffix + 1):
        values[offsets[long + 1] - back] = tokens.values[
            tokens.offsets[long + 1] - back
        ]
    return TokenBatch(values, offsets, tokens.suffix)

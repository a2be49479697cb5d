"""Distinct kinds of tokens, and all of the network that depends on nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.pii.ner.encoder import PIECES, WIDTH, Encoder
from isinglass.transforms.pii.ner.network import norm_rows
from isinglass.transforms.pii.ner.table import ByteTable, hashes_of

ROW = WIDTH * (1 + PIECES * 3)
"""Floats kept for a type: its vector, and its share of the first convolution as the
left neighbour, as the token itself (with the bias) and as the right neighbour."""

RESIDENT = 1 << 15
"""Types whose floats are kept: 126 MB. The first ones seen; later ones are rarer."""

MOST_KEYS = 1 << 19
"""Types that are told apart before everything is dropped."""

_BLOCK = 1024


class TypeTable:
    """Types by attributes. Type 0 is padding, whose vector is zero.

    Floats of types beyond the resident ones are computed again for every segment of
    text that holds them, into a scratch of fixed size: memory does not grow.

    Attributes:
        rows: float32 (resident + scratch, `ROW`).
    """

    def __init__(self, encoder: Encoder, resident: int, scratch: int) -> None:
        self._encoder = encoder
        self._resident = resident
        first = encoder.layers[0]
        parts = first.weights.reshape(3, WIDTH, PIECES * WIDTH)
        self._products = np.ascontiguousarray(np.concatenate(list(parts), axis=1))
        self._bias = np.zeros(ROW - WIDTH, np.float32)
        self._bias[PIECES * WIDTH : 2 * PIECES * WIDTH] = first.bias
        # Pages that are never written take no memory.
        self.rows = np.empty((resident + scratch, ROW), np.float32)
        self.drop()

    def drop(self) -> None:
        """Forget all types."""
        self._known = ByteTable()
        # Of padding, which no attributes lead to.
        self._filled = 1
        self.rows[0, :WIDTH] = 0
        self.rows[0, WIDTH:] = self._bias

    @property
    def full(self) -> bool:
        """Whether it is time to drop all."""
        return len(self) > MOST_KEYS

    def __len__(self) -> int:
        """Types known, padding among them."""
        return len(self._known) + 1

    def intern(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Number of each type.

        Args:
            keys: uint64 (n, columns), attributes by token.
        """
        data = np.ascontiguousarray(keys).view(np.uint8).reshape(-1)
        bounds = np.arange(len(keys) + 1) * keys.shape[1] * keys.itemsize
        begins, ends = bounds[:-1], bounds[1:]
        ids, _ = self._known.intern(data, begins, ends, hashes_of(data, begins, ends))
        return ids + np.int32(1)

    def keys(self, ids: NDArray[np.int32]) -> NDArray[np.uint64]:
        """Attributes of types, uint64 (n, columns); of padding those of another."""
        return self._keys[ids - 1]

    @property
    def _keys(self) -> NDArray[np.uint64]:
        columns = len(self._encoder.columns)
        return self._known.content.view(np.uint64).reshape(-1, columns)

    def places(self, ids: NDArray[np.int32]) -> NDArray[np.int32]:
        """Rows of `self.rows` for the tokens of one segment, valid until the next call.

        Args:
            ids: int32 (n,), types; of those that are not resident at most `scratch`.
        """
        keys = self._keys
        stop = min(len(self), self._resident)
        for low in range(self._filled, stop, _BLOCK):
            high = min(low + _BLOCK, stop)
            self._compute(keys[low - 1 : high - 1], self.rows[low:high])
        self._filled = max(self._filled, stop)
        late = np.flatnonzero(ids >= self._resident)
        if not len(late):
            return ids
        distinct, inverse = np.unique(ids[late], return_inverse=True)
        for low in range(0, len(distinct), _BLOCK):
            part = distinct[low : low + _BLOCK]
            begin = self._resident + low
            self._compute(keys[part - 1], self.rows[begin : begin + len(part)])
        places = ids.copy()
        places[late] = self._resident + inverse
        return places

    def _compute(self, keys: NDArray[np.uint64], rows: NDArray[np.float32]) -> None:
        mix = self._encoder.mix
        embedded = self._encoder.embed.predict(keys)
        summed = embedded @ mix.weights
        summed += mix.bias
        vectors = np.empty((len(keys), WIDTH), np.float32)
        norm_rows(summed, mix.gain, mix.shift, vectors)
        rows[:, :WIDTH] = vectors
        rows[:, WIDTH:] = vectors @ self._products
        rows[:, WIDTH:] += self._bias

"""Distinct kinds of tokens, and all of the network that depends on nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from isinglass.transforms.pii.ner.arrays import EMPTY, grown, slots_for
from isinglass.transforms.pii.ner.network import norm_rows
from isinglass.transforms.pii.ner.weights import COLUMNS, PIECES, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.transforms.pii.ner.weights import Weights

KEY_COLUMNS = COLUMNS
"""Attributes that make up a type, as spaCy names them."""

ROW = WIDTH * (1 + PIECES * 3)
"""Floats kept for a type: its vector, and its share of the first convolution as the
left neighbour, as the token itself (with the bias) and as the right neighbour."""

RESIDENT = 1 << 15
"""Types whose floats are kept: 126 MB. The first ones seen; later ones are rarer."""

MOST_KEYS = 1 << 19
"""Types that are told apart before everything is dropped."""

_BLOCK = 1024
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(32)


class TypeTable:
    """Types by attributes. Type 0 is padding, whose vector is zero.

    Floats of types beyond the resident ones are computed again for every segment of
    text that holds them, into a scratch of fixed size: memory does not grow.

    Attributes:
        scratch: Rows of the scratch: most types that one segment may hold.
    """

    def __init__(self, weights: Weights, resident: int, scratch: int) -> None:
        self._weights = weights
        self._resident, self.scratch = resident, scratch
        first = weights.layers[0]
        parts = first.weights.reshape(3, WIDTH, PIECES * WIDTH)
        self._products = np.ascontiguousarray(np.concatenate(list(parts), axis=1))
        self._bias = np.zeros(ROW - WIDTH, np.float32)
        self._bias[PIECES * WIDTH : 2 * PIECES * WIDTH] = first.bias
        # Pages that are never written take no memory.
        self.rows = np.empty((resident + scratch, ROW), np.float32)
        self.drop()

    def drop(self) -> None:
        """Forget all types."""
        self._keys = np.zeros((self._resident, len(KEY_COLUMNS)), np.uint64)
        self._slots = np.full(slots_for(self._resident), EMPTY, np.int32)
        # Padding has no slot: no attributes lead to it.
        self._count, self._filled = 1, 1
        self.rows[0, :WIDTH] = 0
        self.rows[0, WIDTH:] = self._bias

    @property
    def full(self) -> bool:
        """Whether it is time to drop all."""
        return self._count > MOST_KEYS

    def __len__(self) -> int:
        """Types known, padding among them."""
        return self._count

    def intern(self, keys: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Number of each type.

        Args:
            keys: uint64 (n, 4), attributes by token.
        """
        most = self._count + len(keys)
        self._keys = grown(self._keys, most)
        if len(self._slots) < slots_for(most):
            self._slots = np.full(slots_for(most), EMPTY, np.int32)
            _rehash(self._slots, self._keys, self._count)
        ids = np.empty(len(keys), np.int32)
        self._count = _intern(keys, self._slots, self._keys, ids, self._count)
        return ids

    def places(self, ids: NDArray[np.int32]) -> NDArray[np.int32]:
        """Rows of `self.rows` for the tokens of one segment, valid until the next call.

        Args:
            ids: int32 (n,), types; of those that are not resident at most `scratch`.
        """
        stop = min(self._count, self._resident)
        for low in range(self._filled, stop, _BLOCK):
            high = min(low + _BLOCK, stop)
            self._compute(self._keys[low:high], self.rows[low:high])
        self._filled = max(self._filled, stop)
        late = np.flatnonzero(ids >= self._resident)
        if not len(late):
            return ids
        distinct, inverse = np.unique(ids[late], return_inverse=True)
        for low in range(0, len(distinct), _BLOCK):
            part = distinct[low : low + _BLOCK]
            begin = self._resident + low
            self._compute(self._keys[part], self.rows[begin : begin + len(part)])
        places = ids.copy()
        places[late] = self._resident + inverse
        return places

    def _compute(self, keys: NDArray[np.uint64], rows: NDArray[np.float32]) -> None:
        mix = self._weights.mix
        embedded = self._weights.embed.predict(keys)
        summed = embedded @ mix.weights
        summed += mix.bias
        vectors = np.empty((len(keys), WIDTH), np.float32)
        norm_rows(summed, mix.gain, mix.shift, vectors)
        rows[:, :WIDTH] = vectors
        rows[:, WIDTH:] = vectors @ self._products
        rows[:, WIDTH:] += self._bias


@numba.njit(cache=True, nogil=True)
def _hash(keys: Any, row: Any) -> Any:
    value = np.uint64(0)
    for column in range(keys.shape[1]):
        value = (value ^ keys[row, column]) * _MULTIPLIER
        value ^= value >> _SHIFT
    return value


@numba.njit(cache=True, nogil=True)
def _same(keys: Any, row: Any, others: Any, other: Any) -> Any:
    for column in range(keys.shape[1]):
        if keys[row, column] != others[other, column]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _intern(keys: Any, slots: Any, known: Any, ids: Any, count: Any) -> Any:
    mask = np.uint64(len(slots) - 1)
    for row in range(len(keys)):
        place = _hash(keys, row) & mask
        while slots[place] >= 0 and not _same(keys, row, known, slots[place]):
            place = (place + np.uint64(1)) & mask
        if slots[place] < 0:
            slots[place] = count
            known[count] = keys[row]
            count += 1
        ids[row] = slots[place]
    return count


@numba.njit(cache=True, nogil=True)
def _rehash(slots: Any, known: Any, count: Any) -> None:
    mask = np.uint64(len(slots) - 1)
    for entry in range(1, count):
        place = _hash(known, entry) & mask
        while slots[place] >= 0:
            place = (place + np.uint64(1)) & mask
        slots[place] = entry

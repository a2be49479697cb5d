"""The convolutions, over blocks of rows that stay in the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.ner.encoder import PIECES, WIDTH
from isinglass.transforms.pii.ner.transitions import HIDDEN, LOWER_PIECES

if TYPE_CHECKING:
    from isinglass.transforms.pii.ner.encoder import Encoder
    from isinglass.transforms.pii.ner.weights import Weights

BLOCK = 512
"""Rows a matrix product."""

HALO = 4
"""Neighbours on either side that a row depends on: one for each convolution."""

_EPSILON = np.float32(1e-8)
_WINDOW = 3 * WIDTH


class Convolutions:
    """Buffers for an encoder's convolutions.

    All matrix products are numpy's, so that its BLAS decides on the speed.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._layers = encoder.layers
        most = BLOCK + 2 * HALO
        self._columns = np.empty((most, _WINDOW), np.float32)
        self._sums = np.empty((most, PIECES * WIDTH), np.float32)

    def run(
        self,
        rows: NDArray[np.float32],
        places: NDArray[np.int32],
        out: NDArray[np.float32],
    ) -> None:
        """Compute token vectors of one block.

        Args:
            rows: Floats by type, see `types.ROW`.
            places: int32 (n + 8,), type of each row, with four neighbours on each side;
                n is at most `BLOCK`.
            out: float32 (n, 96), is written.
        """
        # Row i of the columns belongs to row i + 1 of the places.
        count = len(places) - 2
        columns = self._columns[:count]
        first = self._layers[0]
        _first(rows, places, first.gain, first.shift, columns)
        for depth, layer in enumerate(self._layers[1:], start=1):
            inner = columns[depth : count - depth]
            sums = self._sums[: len(inner)]
            np.dot(inner, layer.weights, out=sums)
            _residual(sums, layer.bias, layer.gain, layer.shift, columns, depth)
        depth = len(self._layers) - 1
        out[:] = columns[depth : count - depth, WIDTH : 2 * WIDTH]


class Network:
    """Buffers for scoring moves outside of entities."""

    def __init__(self, weights: Weights) -> None:
        known = self._known = weights.transitions
        self._convolutions = Convolutions(weights.encoder)
        self._last = np.empty((BLOCK, WIDTH), np.float32)
        self._lower = np.empty((BLOCK, LOWER_PIECES * HIDDEN), np.float32)
        self._hidden = np.empty((BLOCK, HIDDEN), np.float32)
        # Outside of an entity, two of the three features are those of no token.
        self._closed = known.lower_bias + known.pad[1] + known.pad[2]
        begin, _, _, unit = weights.upper
        self._scores = np.ascontiguousarray(
            np.concatenate([begin, unit, weights.out[np.newaxis]]).T
        )
        bias = weights.upper_bias
        self._score_bias = np.concatenate(
            [bias[0], bias[3], np.array([weights.out_bias], np.float32)]
        )

    def run(
        self,
        rows: NDArray[np.float32],
        places: NDArray[np.int32],
        tokens: NDArray[np.float32],
        best: NDArray[np.int16],
    ) -> None:
        """Compute token vectors, and the best move of each outside of an entity.

        Args:
            rows: Floats by type, see `types.ROW`.
            places: int32 (n + 8,), type of each row, with four neighbours on each side.
            tokens: float32 (n, 64), is written.
            best: int16 (n, 2), is written: the best of moves B, U and O, and of U and
                O, numbered label, labels + label and 2 * labels.
        """
        for low in range(0, len(tokens), BLOCK):
            high = min(low + BLOCK, len(tokens))
            last, vectors = self._last[: high - low], tokens[low:high]
            self._convolutions.run(rows, places[low : high + 2 * HALO], last)
            np.dot(last, self._known.linear, out=vectors)
            vectors += self._known.linear_bias
            self._score(vectors, best[low:high])

    def _score(self, vectors: NDArray[np.float32], best: NDArray[np.int16]) -> None:
        lower = self._lower[: len(vectors)]
        np.dot(vectors, self._known.lower[0], out=lower)
        hidden = self._hidden[: len(vectors)]
        _maxout_two(lower, self._closed, hidden)
        _best(hidden @ self._scores, self._score_bias, best)


@njit(nogil=True, fastmath=True)
def _norm(values: Any, gain: Any, shift: Any) -> None:
    """Layer norm in place, with the population's variance."""
    width = len(values)
    mean = np.float32(0)
    for j in range(width):
        mean += values[j]
    mean /= np.float32(width)
    variance = np.float32(0)
    for j in range(width):
        away = values[j] - mean
        variance += away * away
    scale = np.float32(1) / np.sqrt(variance / np.float32(width) + _EPSILON)
    for j in range(width):
        values[j] = (values[j] - mean) * scale * gain[j] + shift[j]


@njit(nogil=True, fastmath=True)
def _spread(values: Any, columns: Any, i: Any) -> None:
    """Write a row where itself and its two neighbours look for it."""
    width = len(values)
    for j in range(width):
        columns[i, width + j] = values[j]
    if i > 0:
        for j in range(width):
            columns[i - 1, 2 * width + j] = values[j]
    if i + 1 < len(columns):
        for j in range(width):
            columns[i + 1, j] = values[j]


@njit(nogil=True, fastmath=True)
def norm_rows(sums: Any, gain: Any, shift: Any, out: Any) -> None:
    """Maxout of three pieces and layer norm.

    `sums` (n, 288) has pieces one after the other, with the bias; `out` (n, 96) is
    written.
    """
    width = out.shape[1]
    for i in range(len(out)):
        for j in range(width):
            one, two, three = sums[i, j], sums[i, width + j], sums[i, 2 * width + j]
            out[i, j] = max(one, two, three)
        _norm(out[i], gain, shift)


@njit(nogil=True, fastmath=True)
def _first(rows: Any, places: Any, gain: Any, shift: Any, columns: Any) -> None:
    """The first convolution, by looking up what each neighbour adds to it."""
    width = len(gain)
    wide = 3 * width
    left, centre, right = width, width + wide, width + 2 * wide
    values = np.empty(width, np.float32)
    for i in range(len(columns)):
        before, here, after = rows[places[i]], rows[places[i + 1]], rows[places[i + 2]]
        for j in range(width):
            one = before[left + j] + here[centre + j] + after[right + j]
            k = j + width
            two = before[left + k] + here[centre + k] + after[right + k]
            k += width
            three = before[left + k] + here[centre + k] + after[right + k]
            values[j] = max(one, two, three)
        _norm(values, gain, shift)
        for j in range(width):
            values[j] += here[j]
        _spread(values, columns, i)


@njit(nogil=True, fastmath=True)
def _residual(
    sums: Any, bias: Any, gain: Any, shift: Any, columns: Any, first: Any
) -> None:
    """Maxout, layer norm and the sum with the input, which it replaces."""
    width = len(gain)
    values = np.empty(width, np.float32)
    for row in range(len(sums)):
        for j in range(width):
            one = sums[row, j] + bias[j]
            two = sums[row, width + j] + bias[width + j]
            three = sums[row, 2 * width + j] + bias[2 * width + j]
            values[j] = max(one, two, three)
        _norm(values, gain, shift)
        i = first + row
        for j in range(width):
            values[j] += columns[i, width + j]
        _spread(values, columns, i)


@njit(nogil=True, fastmath=True)
def _maxout_two(sums: Any, bias: Any, out: Any) -> None:
    width = out.shape[1]
    for i in range(len(out)):
        for j in range(width):
            out[i, j] = max(sums[i, j] + bias[j], sums[i, width + j] + bias[width + j])


@njit(nogil=True)
def _best(scores: Any, bias: Any, best: Any) -> None:
    labels = (scores.shape[1] - 1) // 2
    for i in range(len(scores)):
        closed = labels
        for k in range(labels, 2 * labels + 1):
            if scores[i, k] + bias[k] > scores[i, closed] + bias[closed]:
                closed = k
        # Of equal scores the first move wins, and B comes before U and O.
        begin = 0
        for k in range(1, labels):
            if scores[i, k] + bias[k] > scores[i, begin] + bias[begin]:
                begin = k
        opens = scores[i, closed] + bias[closed] <= scores[i, begin] + bias[begin]
        best[i, 0] = begin if opens else closed
        best[i, 1] = closed

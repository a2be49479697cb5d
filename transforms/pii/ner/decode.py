"""Greedy decoding of moves B, I, L, U and O, as spaCy's transition system takes them.

Outside of an entity the best move depends on the token alone, so it is known before
the walk. Within one, only I and L with its label are valid. Rules of validity: B not on
white space, nor on the last token, nor where the next token starts a sentence; U not on
white space; I like B, but on white space too; L and O always. An entity therefore ends
with its text or sentence. Source: spaCy's documentation of the transition-based
recogniser, and its behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.transforms.pii.ner.weights import Weights


class Entities(NamedTuple):
    """Entities as rows of the batch.

    Attributes:
        begins: int32 (n,), first row.
        ends: int32 (n,), exclusive.
        labels: int32 (n,), position in `Weights.labels`.
    """

    begins: NDArray[np.int32]
    ends: NDArray[np.int32]
    labels: NDArray[np.int32]


class Rows(NamedTuple):
    """What the walk reads of each row.

    Attributes:
        tokens: float32 (n, 64), vectors.
        best: int16 (n, 2), see `Network.run`.
        spaces: bool (n,), whether it is white space.
        starts: bool (n,), whether it starts a sentence.
    """

    tokens: NDArray[np.float32]
    best: NDArray[np.int16]
    spaces: NDArray[np.bool_]
    starts: NDArray[np.bool_]


def decode(
    weights: Weights, rows: Rows, lows: NDArray[np.int64], highs: NDArray[np.int64]
) -> Entities:
    """Walk over texts."""
    most = int((highs - lows).sum())
    out = np.empty((most, 3), np.int32)
    layer = (
        weights.lower,
        weights.lower_bias,
        np.ascontiguousarray(weights.upper[1:3]),
        np.ascontiguousarray(weights.upper_bias[1:3]),
    )
    count = _walk(tuple(rows), lows, highs, layer, out)
    return Entities(out[:count, 0], out[:count, 1], out[:count, 2])


@numba.njit(cache=True, nogil=True, fastmath=True)
def _add_product(vector: Any, matrix: Any, out: Any) -> None:
    for i in range(len(vector)):
        factor = vector[i]
        for j in range(len(out)):
            out[j] += factor * matrix[i, j]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _dot(one: Any, two: Any) -> Any:
    total = np.float32(0)
    for i in range(len(one)):
        total += one[i] * two[i]
    return total


@numba.njit(cache=True, nogil=True)
def _ends(tokens: Any, row: Any, label: Any, first: Any, layer: Any, work: Any) -> Any:
    """Whether L scores higher than I; of equal scores the first move, I, wins."""
    lower, _, upper, bias = layer
    sums, hidden = work
    sums[:] = first
    _add_product(tokens[row], lower[0], sums)
    _add_product(tokens[row - 1], lower[2], sums)
    width = len(hidden)
    for j in range(width):
        hidden[j] = max(sums[j], sums[width + j])
    inside = _dot(hidden, upper[0, label]) + bias[0, label]
    last = _dot(hidden, upper[1, label]) + bias[1, label]
    return last > inside


@numba.njit(cache=True, nogil=True)
def _walk(rows: Any, lows: Any, highs: Any, layer: Any, out: Any) -> Any:
    tokens, best, spaces, starts = rows
    lower, lower_bias, upper, _ = layer
    labels = upper.shape[1]
    first = np.empty(len(lower_bias), np.float32)
    work = np.empty(len(lower_bias), np.float32), np.empty(lower.shape[1], np.float32)
    count = 0
    for text in range(len(lows)):
        begin, label = -1, 0
        for row in range(lows[text], highs[text]):
            bound = row + 1 == highs[text] or starts[row + 1]
            if begin >= 0:
                if bound or _ends(tokens, row, label, first, layer, work):
                    out[count] = begin, row + 1, label
                    count += 1
                    begin = -1
            elif not spaces[row]:
                move = best[row, 1] if bound else best[row, 0]
                if move < labels:
                    begin, label = row, move
                    first[:] = lower_bias
                    _add_product(tokens[row], lower[1], first)
                elif move < 2 * labels:
                    out[count] = row, row + 1, move - labels
                    count += 1
    return count

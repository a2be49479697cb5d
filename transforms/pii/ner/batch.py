"""Texts as rows of the network: tokens, with padding between texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from isinglass.transforms.pii.ner.network import HALO
from isinglass.transforms.pii.ner.special import HEAD, TAIL
from isinglass.transforms.pii.ner.split import Pieces, split
from isinglass.transforms.pii.ner.weights import PAD
from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.transforms.pii.ner.chunks import ChunkTable
    from isinglass.transforms.pii.ner.special import CrossingRules


@dataclass(frozen=True)
class Batch:
    """Rows of some texts. Texts without tokens have none.

    Attributes:
        types: int32 (rows + 8,), with four more of padding before and after.
        begins: int32 (rows,), code points from the beginning of the text.
        ends: int32 (rows,), exclusive.
        flags: uint8 (rows,), see `chunks.SPACE`.
        lows: int64 (texts,), first row of each text.
        highs: int64 (texts,), exclusive.
        odd: Texts that only spaCy tokenises right.
    """

    types: NDArray[np.int32]
    begins: NDArray[np.int32]
    ends: NDArray[np.int32]
    flags: NDArray[np.uint8]
    lows: NDArray[np.int64]
    highs: NDArray[np.int64]
    odd: tuple[int, ...]


def build_batch(
    texts: pa.StringArray, chunks: ChunkTable, rules: CrossingRules
) -> Batch:
    """Tokenise a batch."""
    data, offsets = string_buffers(texts)
    pieces = split(data, offsets)
    ids = chunks.find(data, pieces)
    counts = chunks.token_ends[ids + 1] - chunks.token_ends[ids]
    tokens = np.bincount(pieces.texts, counts, len(texts)).astype(np.int64)
    pads = np.cumsum(np.where(tokens > 0, PAD, 0))
    highs = np.cumsum(tokens) + pads
    lows = highs - tokens
    size = int(highs[-1] if len(highs) else 0) + PAD
    types = np.zeros(size + 2 * HALO, np.int32)
    begins, ends = np.zeros(size, np.int32), np.zeros(size, np.int32)
    flags = np.zeros(size, np.uint8)
    known = chunks.token_ends, chunks.tokens
    inner = types[HALO : HALO + size]
    _expand(pieces.texts, pieces.points, ids, known, lows, (inner, begins, ends, flags))
    odd = _odd(data, pieces, chunks.borders[ids], rules)
    return Batch(types, begins, ends, flags, lows, highs, odd)


def _odd(
    data: NDArray[np.uint8],
    pieces: Pieces,
    flags: NDArray[np.uint8],
    rules: CrossingRules,
) -> tuple[int, ...]:
    near = (flags[:-1] & TAIL != 0) & (flags[1:] & HEAD != 0)
    near &= pieces.texts[:-1] == pieces.texts[1:]

    def chunk(i: int) -> str:
        return data[pieces.begins[i] : pieces.ends[i]].tobytes().decode()

    crossed = [
        i
        for i in np.flatnonzero(near).tolist()
        if rules.may_cross(chunk(i), chunk(i + 1))
    ]
    found = {
        int(pieces.texts[run[0]])
        for run in _runs(crossed)
        if rules.changes([chunk(i) for i in run])
    }
    return tuple(sorted(found))


def _runs(borders: list[int]) -> Iterator[list[int]]:
    """Pieces joined by the borders behind them, each run in order."""
    run: list[int] = []
    for border in borders:
        if run and run[-1] != border:
            yield run
            run = []
        run = [*run[:-1], border, border + 1]
    if run:
        yield run


@numba.njit(cache=True, nogil=True)
def _expand(texts: Any, points: Any, ids: Any, known: Any, lows: Any, out: Any) -> None:
    token_ends, tokens = known
    types, begins, ends, flags = out
    row, text = np.int64(0), -1
    for i in range(len(ids)):
        if texts[i] != text:
            text = texts[i]
            row = lows[text]
        point = points[i]
        for token in range(token_ends[ids[i]], token_ends[ids[i] + 1]):
            types[row] = tokens[token, 0]
            begins[row] = point + tokens[token, 1]
            ends[row] = point + tokens[token, 2]
            flags[row] = tokens[token, 3]
            row += 1

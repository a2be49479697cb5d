"""Texts as rows of the network: split at white space, tokens with padding between.

spaCy tokenises every stretch between white space without regard to its neighbours.
A run of white space is a stretch of its own, less its first character where that is
U+0020; only a run at the very beginning of a text keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.characters import white_table
from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.ner.encoder import PAD
from isinglass.transforms.pii.ner.network import HALO
from isinglass.transforms.pii.ner.special import HEAD, TAIL, CrossingRules
from isinglass.transforms.pii.ner.table import hashes_of
from isinglass.transforms.text import decode, string_buffers

if TYPE_CHECKING:
    from isinglass.transforms.pii.ner.chunks import ChunkTable

_SPACE = 0x20


class Pieces(NamedTuple):
    """Stretches of a batch of texts, in order.

    Attributes:
        texts: int32 (n,), number of the text.
        begins: int64 (n,), byte offset into the data.
        ends: int64 (n,), exclusive.
        points: int32 (n,), code points from the beginning of the text.
        hashes: uint64 (n,), hash of the bytes; different bytes may share one.
    """

    texts: NDArray[np.int32]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    points: NDArray[np.int32]
    hashes: NDArray[np.uint64]


def split(data: NDArray[np.uint8], offsets: NDArray[np.int32]) -> Pieces:
    """Split a batch of texts."""
    most = int(offsets[-1]) - int(offsets[0])
    texts = np.empty(most, np.int32)
    begins = np.empty(most, np.int64)
    ends = np.empty(most, np.int64)
    points = np.empty(most, np.int32)
    count = _split(data, offsets, white_table(), texts, begins, ends, points)
    begins, ends = begins[:count], ends[:count]
    hashes = hashes_of(data, begins, ends)
    return Pieces(texts[:count], begins, ends, points[:count], hashes)


@njit(nogil=True)
def _split(
    data: Any, offsets: Any, white: Any, texts: Any, begins: Any, ends: Any, points: Any
) -> Any:
    count = 0
    for text in range(len(offsets) - 1):
        at, stop = np.int64(offsets[text]), np.int64(offsets[text + 1])
        begin, begin_point, point = at, 0, 0
        in_space = white[decode(data, at)[0]] if at < stop else np.uint8(0)
        while at <= stop:
            width, space = 1, np.uint8(0)
            if at < stop:
                code, width = decode(data, at)
                space = white[code]
            if space != in_space or at == stop:
                if begin < at:
                    texts[count], points[count] = text, begin_point
                    begins[count], ends[count] = begin, at
                    count += 1
                in_space = space
                begin, begin_point = at, point
                if at < stop and data[at] == _SPACE:
                    begin, begin_point = at + 1, point + 1
            at += width
            point += 1
    return count


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


@njit(nogil=True)
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

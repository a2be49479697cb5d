"""Rows of fixed length that several documents share, nearly without a gap.

Documents up to the length of a row are never cut. A longer one is cut into pieces of
exactly that length and a rest. Pieces go into rows by best-fit-decreasing (Johnson,
"Near-optimal bin packing algorithms", 1973): the longest first, each into the fullest
row that has room for it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers
from isinglass.schemas.tables import PACKED
from isinglass.transforms.encode.batching import bounds, equal_runs, token_index
from isinglass.transforms.encode.outputs.rows import list_column, with_end
from isinglass.transforms.encode.tokenizers.batch import TokenBatch

WINDOW_TOKENS = 2**24
"""Tokens that are packed together: 64 MiB of ids."""
BATCH_TOKENS = 2**20
"""Tokens in a batch of finished rows."""


class Packer:
    """Packs documents as they come, a window of them at a time.

    What is in a row depends on the documents and their order alone, not on the batches
    they come in.

    `end_id` is put behind every document, part of it from then on; after
    `window_tokens` the rows are closed, which bounds the memory.
    """

    def __init__(
        self, length: int, end_id: int | None = None, window_tokens: int = WINDOW_TOKENS
    ) -> None:
        self.rows = 0
        self.tokens = 0
        self._length = length
        self._end_id = end_id
        self._window = window_tokens
        self._pending_tokens = 0
        self._pending: list[tuple[pa.StringArray, TokenBatch]] = []

    def add(
        self, doc_ids: pa.StringArray, tokens: TokenBatch
    ) -> Iterator[pa.RecordBatch]:
        """Take documents with all of their ids; yields rows of windows they fill."""
        tokens = with_end(tokens, self._end_id)
        start, count = 0, len(doc_ids)
        while start < count:
            room = tokens.offsets[start] + self._window - self._pending_tokens
            stop = int(np.searchsorted(tokens.offsets, room))
            if stop > count:
                self._keep(doc_ids, tokens, start, count)
                return
            self._keep(doc_ids, tokens, start, max(stop, start + 1))
            start = max(stop, start + 1)
            yield from self._close()

    def finish(self) -> Iterator[pa.RecordBatch]:
        """The rows of the last window."""
        yield from self._close()

    def _keep(
        self, doc_ids: pa.StringArray, tokens: TokenBatch, start: int, stop: int
    ) -> None:
        offsets = tokens.offsets[start : stop + 1]
        # A copy, so that a small rest does not hold the whole of its batch.
        values = tokens.values[offsets[0] : offsets[-1]].copy()
        part = TokenBatch(values, offsets - offsets[0])
        self._pending.append((doc_ids.slice(start, stop - start), part))
        self._pending_tokens += len(values)

    def _close(self) -> Iterator[pa.RecordBatch]:
        if not self._pending:
            return
        doc_ids = pa.concat_arrays([ids for ids, _ in self._pending])
        values = np.concatenate([part.values for _, part in self._pending])
        lengths = np.concatenate([part.lengths for _, part in self._pending])
        self._pending, self._pending_tokens = [], 0
        pieces = _pieces(lengths, self._length)
        rows = best_fit(pieces.lengths, self._length)
        order = np.argsort(rows, kind="stable")
        self.rows += int(rows.max(initial=-1)) + 1
        self.tokens += len(values)
        yield from _batches(doc_ids, values, pieces.take(order), rows[order])


class _Pieces(NamedTuple):
    documents: Integers
    starts: Integers
    places: Integers
    lengths: Integers

    def take(self, order: Integers) -> _Pieces:
        return _Pieces(*(column[order] for column in self))


def _pieces(lengths: Integers, most: int) -> _Pieces:
    """Documents cut into pieces of at most `most` tokens.

    `starts` are in the document, `places` in the flat array of all tokens.
    """
    counts = -(-lengths // most)
    documents = np.repeat(np.arange(len(lengths)), counts)
    starts = token_index(np.zeros_like(counts), counts) * most
    before = np.cumsum(lengths) - lengths
    sizes = np.minimum(lengths[documents] - starts, most)
    return _Pieces(documents, starts, before[documents] + starts, sizes)


def best_fit(lengths: Integers, length: int) -> Integers:
    """Assign pieces to rows by best-fit-decreasing.

    Equal pieces are placed together: a row takes as many of them as it has room for,
    for after the first it is still the fullest that has. The work grows with the rows
    and the different lengths rather than with the pieces.

    `lengths` (n,) are the tokens of each piece, from 1 to `length`, the most of a row.
    Returns the row of each piece, (n,); rows are numbered by the first piece that is in
    them.
    """
    order = np.argsort(-lengths, kind="stable")
    ordered = lengths[order]
    rooms = _Rooms(length)
    for start, stop in equal_runs(ordered):
        rooms.place(int(ordered[start]), stop - start)
    rows = np.empty(len(lengths), np.int64)
    rows[order] = np.repeat(
        np.array(rooms.rows, np.int64), np.array(rooms.counts, np.int64)
    )
    # The row of the first piece comes first.
    _, first = np.unique(rows, return_index=True)
    return np.argsort(np.argsort(first))[rows]


class _Rooms:
    """Rows by the room that is left in them.

    `rows` are in the order in which pieces went into them, and `counts` how many pieces
    at a time.
    """

    def __init__(self, length: int) -> None:
        self.rows: list[int] = []
        self.counts: list[int] = []
        self.opened = 0
        self._length = length
        self._spaces: list[int] = []
        self._with: dict[int, deque[int]] = {}

    def place(self, size: int, count: int) -> None:
        """Place `count` pieces of one size, no larger than any before."""
        while count:
            index = bisect_left(self._spaces, size)
            if index == len(self._spaces):
                break
            space = self._spaces[index]
            row = self._with[space].popleft()
            if not self._with[space]:
                del self._with[space], self._spaces[index]
            count -= self._fill(row, space, size, count)
        while count:
            self.opened += 1
            count -= self._fill(self.opened - 1, self._length, size, count)

    def _fill(self, row: int, space: int, size: int, count: int) -> int:
        taken = min(space // size, count)
        self.rows.append(row)
        self.counts.append(taken)
        left = space - taken * size
        if left:
            if left not in self._with:
                self._with[left] = deque()
                insort(self._spaces, left)
            self._with[left].append(row)
        return taken


def _batches(
    doc_ids: pa.StringArray, values: NDArray[np.int32], pieces: _Pieces, rows: Integers
) -> Iterator[pa.RecordBatch]:
    """Rows in batches of about `BATCH_TOKENS`; pieces are in the order of the rows."""
    edges = np.append(np.flatnonzero(np.diff(rows, prepend=-1)), len(rows))
    sizes = np.diff(np.append(0, np.cumsum(pieces.lengths))[edges])
    for start, stop in pairwise(bounds(sizes, BATCH_TOKENS)):
        part = np.arange(edges[start], edges[stop])
        inside = edges[start : stop + 1] - edges[start]
        yield _batch(doc_ids, values, pieces.take(part), inside)


def _batch(
    doc_ids: pa.StringArray, values: NDArray[np.int32], pieces: _Pieces, edges: Integers
) -> pa.RecordBatch:
    lengths = pieces.lengths
    offsets = np.append(0, np.cumsum(lengths))[edges]
    ids = values[token_index(pieces.places, lengths)]
    positions = token_index(np.zeros_like(lengths), lengths).astype(np.int32)
    columns = [
        list_column(pa.array(ids), offsets),
        list_column(pa.array(positions), offsets),
        list_column(pa.array(lengths.astype(np.int32)), edges),
        list_column(doc_ids.take(pa.array(pieces.documents)), edges),
        list_column(pa.array(pieces.starts.astype(np.int32)), edges),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=PACKED)

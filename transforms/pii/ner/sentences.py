"""Sentence starts where they may matter, so that entities are those of all of spaCy.

In the full pipeline no entity continues over a sentence start of the parser. Without
any, the walk takes the same moves up to the first start within an entity that it found;
starts elsewhere change nothing. So only the inside of entities of several tokens can be
suspicious, and of it only white space (line ends, columns of tables) and a capital
letter behind a token with a sign, such as `D.C.` before `Law`. The parser reads a
window around those, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.ner.chunks import CAPITAL, SIGN, SPACE
from isinglass.transforms.pii.ner.encoder import PAD, WIDTH, expect, read_encoder
from isinglass.transforms.pii.ner.network import BLOCK, HALO, Convolutions
from isinglass.transforms.pii.ner.parser import read_parser, sentence_starts
from isinglass.transforms.pii.ner.types import TypeTable

if TYPE_CHECKING:
    from isinglass.transforms.pii.ner.batch import Batch
    from isinglass.transforms.pii.ner.inference import Entities

BEFORE, AFTER = 128, 32
"""Tokens that the parser reads before and after a suspicious one."""

BATCH_WINDOWS = 64

_NUMBERS = frozenset({"PERCENT", "MONEY", "QUANTITY", "CARDINAL", "ORDINAL"})
"""Entities of these labels are no findings, and break into none."""

COLUMNS = ("NORM", "PREFIX", "SUFFIX", "SHAPE", "SPACY", "IS_SPACE")
"""What the parser's encoder embeds: as the recogniser's, and what follows a token."""

_RESIDENT = 1 << 13


class SentenceStarts:
    """A parser with the encoder that it listens to. One thread at a time."""

    def __init__(self, nlp: Any, types: TypeTable, labels: tuple[str, ...]) -> None:
        """Read the encoder of a loaded pipeline.

        Args:
            nlp: Has a parser.
            types: Types of tokens as batches number them.
            labels: Labels of entities.

        Raises:
            UnknownNetworkError: Its encoder is not the one that is written here.
        """
        self._parser = read_parser(nlp.get_pipe("parser"))
        reads = self._parser.transitions.encoder.name
        expect("what the parser reads", reads, "tok2vec-listener")
        expect("pipe tok2vec", "tok2vec" in nlp.pipe_names, expected=True)
        encoder = read_encoder(nlp.get_pipe("tok2vec").model, COLUMNS)
        self._convolutions = Convolutions(encoder)
        self._tokens = types
        self._types = TypeTable(encoder, _RESIDENT, BLOCK + 2 * HALO)
        self._wanted = np.array([label not in _NUMBERS for label in labels])

    def mark(self, found: Entities, batch: Batch, starts: NDArray[np.bool_]) -> bool:
        """Note sentence starts around suspicious places in `starts`, bool (rows,).

        Returns:
            Whether any was found, so that the batch must be decoded again.
        """
        several = self._wanted[found.labels] & (found.ends - found.begins > 1)
        rows = _suspicious(batch.flags, found.begins[several], found.ends[several])
        lows, highs = _windows(rows, batch)
        marked = False
        for low in range(0, len(lows), BATCH_WINDOWS):
            part = slice(low, low + BATCH_WINDOWS)
            found_rows = self._parse(batch, lows[part], highs[part])
            starts[found_rows] = True
            marked |= len(found_rows) > 0
        return marked

    def _parse(
        self, batch: Batch, lows: NDArray[np.int64], highs: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Rows within some windows at which sentences start."""
        ends = np.cumsum(highs - lows + PAD)
        # Where words stand among padding, in rows of the batch and of the windows.
        begins = ends - PAD - (highs - lows)
        padded = np.full(int(ends[-1]), -1, np.int64)
        for begin, low, high in zip(begins, lows, highs, strict=True):
            padded[begin : begin + high - low] = np.arange(low, high)
        words = np.flatnonzero(padded >= 0)
        rows = padded[words]
        ids = np.zeros(len(padded) + 2 * HALO, np.int32)
        ids[HALO + words] = self._interned(batch, rows)
        vectors = np.empty((len(padded), WIDTH), np.float32)
        for low in range(0, len(vectors), BLOCK):
            block = vectors[low : low + BLOCK]
            places = self._types.places(ids[low : low + len(block) + 2 * HALO])
            self._convolutions.run(self._types.rows, places, block)
        bounds = np.stack([begins, ends - PAD], axis=1)
        marked = sentence_starts(self._parser, vectors, bounds)
        # The first token of a window starts a sentence only for the parser.
        marked[begins] = False
        return padded[marked]

    def _interned(self, batch: Batch, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Types of tokens as the parser's encoder tells them apart."""
        if self._types.full:
            self._types.drop()
        after = np.minimum(rows + 1, len(batch.begins) - 1)
        keys = np.empty((len(rows), len(COLUMNS)), np.uint64)
        keys[:, :-2] = self._tokens.keys(batch.types[HALO + rows])
        # The character behind a token belongs to none only where it is a blank.
        keys[:, -2] = batch.begins[after] > batch.ends[rows]
        keys[:, -1] = batch.flags[rows] & SPACE != 0
        return self._types.intern(keys)


def _windows(
    rows: NDArray[np.int64], batch: Batch
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First rows, and ends, of windows around rows, joined where they overlap."""
    texts = np.searchsorted(batch.highs, rows, side="right")
    lows = np.maximum(rows - BEFORE, batch.lows[texts])
    highs = np.minimum(rows + AFTER, batch.highs[texts])
    # Texts have padding between them, so that windows of two never touch.
    first = np.flatnonzero(np.append(True, lows[1:] > highs[:-1])[: len(rows)])
    return lows[first], np.maximum.reduceat(highs, first) if len(first) else highs


@njit(nogil=True)
def _suspicious(flags: Any, begins: Any, ends: Any) -> Any:
    out = np.empty((ends - begins).sum(), np.int64)
    count = 0
    for i in range(len(begins)):
        for row in range(begins[i] + 1, ends[i]):
            begins_anew = flags[row] & CAPITAL and flags[row - 1] & SIGN
            if begins_anew or (flags[row] | flags[row - 1]) & SPACE:
                out[count] = row
                count += 1
    return out[:count]

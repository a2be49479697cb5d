"""Inference of a model's named entities, equal to spaCy's own, and its greedy decoding.

Moves are B, I, L, U and O, as spaCy's transition system takes them. Outside of an
entity the best move depends on the token alone, so it is known before the walk. Within
one, only I and L with its label are valid. Rules of validity: B not on white space, nor
on the last token, nor where the next token starts a sentence; U not on white space; I
like B, but on white space too; L and O always. An entity therefore ends with its text
or sentence. Source: spaCy's documentation of the transition-based recogniser, and its
behaviour.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.ner.batch import Batch, build_batch
from isinglass.transforms.pii.ner.chunks import MOST_ENTRIES, SPACE, ChunkTable
from isinglass.transforms.pii.ner.network import HALO, Network
from isinglass.transforms.pii.ner.sentences import SentenceStarts
from isinglass.transforms.pii.ner.special import CrossingRules
from isinglass.transforms.pii.ner.transitions import HIDDEN
from isinglass.transforms.pii.ner.types import RESIDENT, TypeTable
from isinglass.transforms.pii.ner.weights import COLUMNS, Weights, read_weights


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
        best: int16 (n, 2), see `Network.run`.
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
        weights.transitions.lower,
        weights.transitions.lower_bias,
        np.ascontiguousarray(weights.upper[1:3]),
        np.ascontiguousarray(weights.upper_bias[1:3]),
    )
    count = _walk(tuple(rows), lows, highs, layer, out)
    return Entities(out[:count, 0], out[:count, 1], out[:count, 2])


@njit(nogil=True, fastmath=True)
def _add_product(vector: Any, matrix: Any, out: Any) -> None:
    for i in range(len(vector)):
        factor = vector[i]
        for j in range(len(out)):
            out[j] += factor * matrix[i, j]


@njit(nogil=True, fastmath=True)
def _dot(one: Any, two: Any) -> Any:
    total = np.float32(0)
    for i in range(len(one)):
        total += one[i] * two[i]
    return total


@njit(nogil=True)
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


@njit(nogil=True)
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


SEGMENT = 8_192
"""Rows whose types must fit the scratch: 31 MB of it."""


class Spans(NamedTuple):
    """Entities of some texts.

    Attributes:
        texts: int32 (n,), number of the text.
        starts: int32 (n,), code points.
        ends: int32 (n,), exclusive.
        labels: int32 (n,), position in `Inference.labels`.
    """

    texts: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    labels: NDArray[np.int32]


class Inference:
    """A recogniser with its tables, which are bounded. One thread at a time."""

    def __init__(
        self, nlp: Any, *, resident: int = RESIDENT, entries: int = MOST_ENTRIES
    ) -> None:
        """Read the model of a loaded spaCy pipeline.

        With a parser, the entities are those of the full pipeline; without one, those
        of the recogniser alone. Floats of `resident` types are kept, and the tokens
        of `entries` stretches of text.

        Raises:
            UnknownNetworkError: It is not the network whose inference is written here.
        """
        self._nlp = nlp
        self._weights: Weights = read_weights(nlp)
        self._types = TypeTable(self._weights.encoder, resident, SEGMENT + 2 * HALO)
        self._rules = CrossingRules(nlp.tokenizer)
        self._chunks = ChunkTable(nlp, self._types, self._rules, entries)
        self._network = Network(self._weights)
        self._sentences = None
        if "parser" in nlp.pipe_names:
            self._sentences = SentenceStarts(nlp, self._types, self._weights.labels)
        self.labels = self._weights.labels
        _keep_attributes(nlp.vocab)

    def spans(self, texts: pa.StringArray) -> Spans:
        """Entities of a batch of texts."""
        batch = build_batch(texts, self._chunks, self._rules)
        rows = self.rows(batch)
        found = self.decode(batch, rows)
        if self._sentences is not None and self._sentences.mark(
            found, batch, rows.starts
        ):
            found = self.decode(batch, rows)
        owners = np.searchsorted(batch.highs, found.begins, side="right")
        starts, ends = batch.begins[found.begins], batch.ends[found.ends - 1]
        spans = np.array([owners, starts, ends, found.labels], np.int32)
        odd = [self._by_spacy(text, texts[text].as_py()) for text in batch.odd]
        kept = spans[:, ~np.isin(owners, batch.odd)]
        return Spans(*np.concatenate([kept, *odd], axis=1))

    def rows(self, batch: Batch) -> Rows:
        """Token vectors of a batch, without sentence starts."""
        size = len(batch.begins)
        tokens = np.empty((size, HIDDEN), np.float32)
        best = np.empty((size, 2), np.int16)
        for low in range(0, size, SEGMENT):
            high = min(low + SEGMENT, size)
            places = self._types.places(batch.types[low : high + 2 * HALO])
            self._network.run(
                self._types.rows, places, tokens[low:high], best[low:high]
            )
        starts = np.zeros(size, np.bool_)
        return Rows(tokens, best, batch.flags & SPACE != 0, starts)

    def decode(self, batch: Batch, rows: Rows) -> Entities:
        """Entities of a batch, with the sentence starts that are set in its rows."""
        return decode(self._weights, rows, batch.lows, batch.highs)

    def _by_spacy(self, number: int, text: str) -> NDArray[np.int32]:
        """Columns of `Spans` of one text."""
        with self._nlp.memory_zone():
            found = [
                (number, e.start_char, e.end_char, self.labels.index(e.label_))
                for e in self._nlp(text).ents
            ]
        return np.array(found, np.int32).reshape(-1, 4).T


def _keep_attributes(vocab: Any) -> None:
    """Leave the attributes of words that networks read.

    spaCy computes every one for each new word, like-a-URL and so on: most of the time
    of its tokenizer.
    """
    wanted = {vocab.strings[name] for name in (*COLUMNS, "IS_SPACE")}
    for attribute in set(vocab.lex_attr_getters) - wanted:
        del vocab.lex_attr_getters[attribute]

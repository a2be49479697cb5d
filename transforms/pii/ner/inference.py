"""Inference of a model's named entities, equal to spaCy's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from isinglass.transforms.pii.ner.batch import Batch, build_batch
from isinglass.transforms.pii.ner.chunks import MOST_ENTRIES, SPACE, ChunkTable
from isinglass.transforms.pii.ner.decode import Entities, Rows, decode
from isinglass.transforms.pii.ner.network import HALO, Network
from isinglass.transforms.pii.ner.sentences import mark_sentence_starts
from isinglass.transforms.pii.ner.special import CrossingRules
from isinglass.transforms.pii.ner.types import RESIDENT, TypeTable
from isinglass.transforms.pii.ner.weights import HIDDEN, Weights, read_weights

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

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
    """A recogniser with its tables, which are bounded. One thread at a time.

    Attributes:
        labels: Labels of the model.
    """

    def __init__(
        self, nlp: Any, *, resident: int = RESIDENT, entries: int = MOST_ENTRIES
    ) -> None:
        """Read the model.

        Args:
            nlp: Loaded spaCy pipeline. With a parser, the entities are those of the
                full pipeline; without one, those of the recogniser alone.
            resident: Types whose floats are kept.
            entries: Stretches of text whose tokens are kept.

        Raises:
            UnknownNetworkError: It is not the network whose inference is written here.
        """
        self._nlp = nlp
        self._weights: Weights = read_weights(nlp)
        self._types = TypeTable(self._weights, resident, SEGMENT + 2 * HALO)
        self._rules = CrossingRules(nlp.tokenizer)
        self._chunks = ChunkTable(nlp, self._types, self._rules, entries)
        self._network = Network(self._weights)
        self.labels = self._weights.labels

    def spans(self, texts: pa.StringArray) -> Spans:
        """Entities of a batch of texts."""
        batch = build_batch(texts, self._chunks, self._rules)
        rows = self.rows(batch)
        found = self.decode(batch, rows)
        if "parser" in self._nlp.pipe_names and mark_sentence_starts(
            self._nlp, self.labels, found, batch, texts, rows.starts
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

"""Inference of a model's named entities, equal to spaCy's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from isinglass.transforms.pii.ner.batch import Batch, build_batch, utf8
from isinglass.transforms.pii.ner.chunks import MOST_ENTRIES, ChunkTable
from isinglass.transforms.pii.ner.decode import Entities, Rows, decode
from isinglass.transforms.pii.ner.marks import SPACE
from isinglass.transforms.pii.ner.network import HALO, Network
from isinglass.transforms.pii.ner.special import CrossingRules
from isinglass.transforms.pii.ner.types import RESIDENT, TypeTable
from isinglass.transforms.pii.ner.weights import HIDDEN, Weights, read_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

BATCH_BYTES = 1 << 18
"""Texts are taken together up to this length; a longer one goes alone."""

SEGMENT = 8_192
"""Rows whose types must fit the scratch: 31 MB of it."""


class Spans(NamedTuple):
    """Entities of some texts, sorted by text and start.

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


class Scored(NamedTuple):
    """A batch with token vectors, ready to be decoded.

    Attributes:
        batch: Its rows.
        rows: What the walk reads; its sentence starts may be set.
    """

    batch: Batch
    rows: Rows


class Inference:
    """A recogniser with its tables, which are bounded. One thread at a time.

    Attributes:
        labels: Labels of the model.
        left_to_spacy: Texts that only spaCy tokenises right, so far.
    """

    def __init__(
        self, nlp: Any, *, resident: int = RESIDENT, entries: int = MOST_ENTRIES
    ) -> None:
        """Read the model.

        Args:
            nlp: Loaded spaCy pipeline.
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
        self.left_to_spacy = 0

    def spans(
        self,
        texts: pa.StringArray,
        sentence_starts: Sequence[NDArray[np.bool_]] | None = None,
    ) -> Spans:
        """Entities of texts.

        Args:
            texts: Strings without nulls.
            sentence_starts: For each text one bool a token of spaCy, whether it starts
                a sentence: `doc.to_array("SENT_START") == 1`. With those of the model's
                parser, the entities are those of its full pipeline. Without any, those
                of the recogniser alone.

        Raises:
            ValueError: The sentence starts do not fit the texts or their tokens.
        """
        if sentence_starts is not None and len(sentence_starts) != len(texts):
            raise ValueError(
                f"{len(texts)} texts but sentence starts of {len(sentence_starts)}"
            )
        parts = []
        for low, high in batches(texts):
            scored = self.score(texts.slice(low, high - low))
            starts = None
            if sentence_starts is not None:
                starts = dict(enumerate(sentence_starts[low:high]))
                _set_starts(scored, starts)
            part = spans_of(self.decode(scored), scored.batch)
            part = self.with_odd(part, scored.batch, texts.slice(low), starts)
            parts.append(part._replace(texts=part.texts + np.int32(low)))
        return join(parts)

    def score(self, texts: pa.StringArray) -> Scored:
        """Tokenise a batch and compute its token vectors."""
        batch = build_batch(texts, self._chunks, self._rules)
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
        return Scored(batch, Rows(tokens, best, batch.flags & SPACE != 0, starts))

    def decode(self, scored: Scored) -> Entities:
        """Entities of a batch, with the sentence starts that are set in its rows."""
        batch = scored.batch
        return decode(self._weights, scored.rows, batch.lows, batch.highs)

    def with_odd(
        self,
        spans: Spans,
        batch: Batch,
        texts: pa.StringArray,
        starts: Mapping[int, NDArray[np.bool_]] | None,
    ) -> Spans:
        """Take the entities of odd texts from spaCy.

        Args:
            spans: Entities of the batch.
            batch: Its rows.
            texts: Its texts.
            starts: Sentence starts of odd texts, or None.
        """
        if not batch.odd:
            return spans
        self.left_to_spacy += len(batch.odd)
        kept = ~np.isin(spans.texts, batch.odd)
        parts = [Spans(*(column[kept] for column in spans))]
        for text in batch.odd:
            given = None if starts is None else starts[text]
            parts.append(self._by_spacy(text, texts[text].as_py(), given))
        merged = join(parts)
        order = np.argsort(merged.texts, kind="stable")
        return Spans(*(column[order] for column in merged))

    def _by_spacy(
        self, number: int, text: str, starts: NDArray[np.bool_] | None
    ) -> Spans:
        with self._nlp.memory_zone():
            doc = self._nlp.tokenizer(text)
            if starts is not None:
                values = np.where(starts, 1, -1).astype(np.int64).view(np.uint64)
                doc.from_array(["SENT_START"], values[:, np.newaxis])
            doc = self._nlp.get_pipe("ner")(doc)
            found = [
                (number, e.start_char, e.end_char, self.labels.index(e.label_))
                for e in doc.ents
            ]
        return Spans(*np.array(found, np.int32).reshape(-1, 4).T)


def batches(texts: pa.StringArray) -> Iterator[tuple[int, int]]:
    """First and last (exclusive) text of each batch of about `BATCH_BYTES`."""
    offsets = utf8(texts)[1].astype(np.int64) if len(texts) else np.zeros(1, np.int64)
    low = 0
    while low < len(texts):
        high = int(np.searchsorted(offsets, offsets[low] + BATCH_BYTES, side="right"))
        high = max(low + 1, min(high - 1, len(texts)))
        yield low, high
        low = high


def _set_starts(scored: Scored, starts: Mapping[int, NDArray[np.bool_]]) -> None:
    batch = scored.batch
    rows = scored.rows.starts
    for text, given in starts.items():
        low, high = int(batch.lows[text]), int(batch.highs[text])
        if text in batch.odd:
            continue
        if len(given) != high - low:
            raise ValueError(
                f"text {text} of a batch has {high - low} tokens but sentence starts "
                f"for {len(given)}; they must come from the same tokenizer"
            )
        rows[low:high] = given


def spans_of(found: Entities, batch: Batch) -> Spans:
    """Entities as code points of texts."""
    texts = np.searchsorted(batch.highs, found.begins, side="right")
    return Spans(
        texts.astype(np.int32),
        batch.begins[found.begins],
        batch.ends[found.ends - 1],
        found.labels.copy(),
    )


def join(parts: Sequence[Spans]) -> Spans:
    """Spans of several batches, one after the other."""
    if not parts:
        return Spans(*(np.empty(0, np.int32) for _ in range(4)))
    return Spans(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

"""The engine that runs a known model by this package's inference.

It finds what spaCy's full pipeline finds, but for the sentence starts of the parser,
which is asked only around suspicious places (see `sentences`). Entities of labels that
map to PERSON, LOCATION and NRP, missing and extra against the full pipeline:

1,500 documents of code, law, tables and prose, by which the rule was chosen: 0 and 1 of
5,161. (Without asking the parser nearly all differences are `D.C. Law` in statutes, 178
of 187 in 2 MB: it begins a sentence at `Law`.)
1,000 other documents of the same corpus: 0 and 1 of 3,837. Wikipedia, technical and
synthetic sentences: 0 and 1 of 3,697. 1,287 tweets: 6 and 5 of 639.

What remains: a start behind a token of digits, or before one without a capital
(`RT @ 5` before `HonTour`, four times), and starts that the parser judges otherwise
when it reads no more than a window.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.transforms.pii.chunks import Chunk, chunk_spans
from isinglass.transforms.pii.found import Origin
from isinglass.transforms.pii.ner.inference import Spans, batches, spans_of
from isinglass.transforms.pii.ner.pipe import SCORE
from isinglass.transforms.pii.ner.stretches import (
    MOST_CHARS as MOST_STRETCH,
)
from isinglass.transforms.pii.ner.stretches import without_long_stretches
from isinglass.transforms.pii.ner.threads import one_blas_thread
from isinglass.transforms.pii.tables import MODEL_DETECTOR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.transforms.pii.budget import Budget
    from isinglass.transforms.pii.found import FoundColumns
    from isinglass.transforms.pii.ner.inference import Inference
    from isinglass.transforms.pii.ner.sentences import SentenceStarts

MOST_CHARS = 1_000_000
"""Longer texts are cut; spaCy itself refuses them (`Language.max_length`)."""


class Tasks(NamedTuple):
    """Texts to be analysed, of which several may be stretches of one long row.

    Attributes:
        texts: Strings.
        rows: int64 (n,).
        origins: int64 (n,), first code point in the row.
        cuts: bool (n, 2), whether the row goes on before the text, and after it.
    """

    texts: pa.StringArray
    rows: NDArray[np.int64]
    origins: NDArray[np.int64]
    cuts: NDArray[np.bool_]

    def take(self, low: int, high: int) -> Tasks:
        """Some of them."""
        return Tasks(
            self.texts.slice(low, high - low),
            self.rows[low:high],
            self.origins[low:high],
            self.cuts[low:high],
        )


@dataclass(frozen=True)
class OwnEngine:
    """Own inference of a model. Not to be pickled, and used by one thread at a time.

    Attributes:
        name: Name of the model.
        inference: The recogniser.
        sentences: The parser; None to do without sentence starts.
        entities: Entity by label, for the entities that are asked for.
        how: What runs the model.
    """

    name: str
    inference: Inference = field(repr=False)
    sentences: SentenceStarts | None = field(repr=False)
    entities: dict[str, str]
    how: str = "own inference"
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def scan(
        self,
        texts: pa.StringArray,
        rows: NDArray[np.int64],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        """Gather the entities of some texts: see `engine.NerEngine.scan`."""
        tasks = _tasks(without_long_stretches(texts, MOST_STRETCH), rows)
        with self.lock, one_blas_thread():
            for low, high in batches(tasks.texts):
                self._batch(tasks.take(low, high), budget, found)

    def _batch(self, tasks: Tasks, budget: Budget, found: FoundColumns) -> None:
        began = budget.now()
        try:
            spans = self.spans(tasks.texts)
        except Exception:  # noqa: BLE001 - whichever text it was is found below
            self._one_by_one(tasks, budget, found)
            return
        seconds = budget.now() - began
        lengths = pc.binary_length(tasks.texts).to_numpy()
        shares = seconds * lengths / max(int(lengths.sum()), 1)
        for row, share in zip(tasks.rows.tolist(), shares.tolist(), strict=True):
            budget.charge(row, share)
        self._gather(tasks, spans, found)

    def _one_by_one(self, tasks: Tasks, budget: Budget, found: FoundColumns) -> None:
        for i, row in enumerate(tasks.rows.tolist()):
            if row not in budget.failed:
                with budget.guard(row):
                    one = tasks.take(i, i + 1)
                    self._gather(one, self.spans(one.texts), found)

    def spans(self, texts: pa.StringArray) -> Spans:
        """Entities of one batch of texts, of all labels.

        Args:
            texts: Strings without nulls.
        """
        inference, sentences = self.inference, self.sentences
        scored = inference.score(texts)
        batch, rows = scored
        entities = inference.decode(scored)
        starts = None
        if sentences is not None:
            if sentences.mark(entities, batch, texts, rows.starts):
                entities = inference.decode(scored)
            starts = {i: sentences.whole(texts[i].as_py()) for i in batch.odd}
        return inference.with_odd(spans_of(entities, batch), batch, texts, starts)

    def _gather(self, tasks: Tasks, spans: Spans, found: FoundColumns) -> None:
        labels = self.inference.labels
        names = sorted({self.entities[x] for x in labels if x in self.entities})
        which = np.array(
            [
                names.index(self.entities[x]) if x in self.entities else -1
                for x in labels
            ],
            np.int32,
        )[spans.labels]
        keep = (which >= 0) & _whole(tasks, spans)
        owners, origins = spans.texts[keep], tasks.origins[spans.texts[keep]]
        found.extend(
            tasks.rows[owners].astype(np.int32),
            (spans.starts[keep] + origins).astype(np.int32),
            (spans.ends[keep] + origins).astype(np.int32),
            [Origin(name, MODEL_DETECTOR, self.name, SCORE) for name in names],
            which[keep],
        )


def _whole(tasks: Tasks, spans: Spans) -> NDArray[np.bool_]:
    """Whether spans touch no cut; the neighbouring stretch holds those that do."""
    if not tasks.cuts.any():
        return np.ones(len(spans.texts), np.bool_)
    lengths = pc.utf8_length(tasks.texts).to_numpy()[spans.texts]
    cuts = tasks.cuts[spans.texts]
    before = cuts[:, 0] & (spans.starts == 0)
    after = cuts[:, 1] & (spans.ends == lengths)
    return np.asarray(~(before | after), np.bool_)


def _tasks(texts: pa.StringArray, rows: NDArray[np.int64]) -> Tasks:
    long = pc.binary_length(texts).to_numpy() > MOST_CHARS
    count = len(texts)
    if not long.any():
        return Tasks(
            texts, rows, np.zeros(count, np.int64), np.zeros((count, 2), np.bool_)
        )
    parts: list[str] = []
    chunks: list[Chunk] = []
    owners: list[int] = []
    for row, value in zip(rows.tolist(), texts, strict=True):
        text = value.as_py()
        for chunk in chunk_spans(text, MOST_CHARS):
            parts.append(text[chunk.start : chunk.end])
            chunks.append(chunk)
            owners.append(row)
    return Tasks(
        pa.array(parts, pa.string()),
        np.array(owners, np.int64),
        np.array([chunk.start for chunk in chunks], np.int64),
        np.array([(chunk.cut_start, chunk.cut_end) for chunk in chunks], np.bool_),
    )

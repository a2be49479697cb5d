"""Mode `exact`: the findings of stock Presidio, entity by entity and score by score.

Stock means `AnalyzerEngine` with the same spaCy model, its default registry of the
language and its default context enhancer: faults included. Reserved values and the
whole-word context of the other modes do not apply, nor do `pii.phone_regions`: the
phone regions are those of the stock recognizer. Thresholds of the configuration apply
afterwards. The public suffix list is that of the `tldextract` package.

The same matches are found faster, not other ones:

- a recognizer sees only texts in which, by Hyperscan, one of its patterns may match;
- URL patterns are tried only at hosts, and phone numbers looked for only in regions in
  which a candidate may be valid;
- lemmas are made only of words before a match of a recognizer with context words;
- spaCy runs in batches, without components that only lemmas need, and numpy's BLAS
  multiplies in place of its own. Sums are rounded in another order, by which a close
  decision of the model could fall differently.

Equality holds for texts of up to `chunks.CHUNK_CHARS`; longer ones are cut.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from isinglass.transforms.pii.chunks import Chunk, chunk_spans, is_whole
from isinglass.transforms.pii.found import FoundColumns, Origin
from isinglass.transforms.pii.stock.context import has_context, raise_scores
from isinglass.transforms.pii.stock.matches import Match, remove_duplicates
from isinglass.transforms.pii.stock.pipeline import (
    BATCH_TEXTS,
    Reading,
    StockPipeline,
)
from isinglass.transforms.pii.stock.registry import StockRecognizers, stock_labels
from isinglass.transforms.pii.tables import MODEL_DETECTOR, PATTERN_DETECTOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.transforms.pii.budget import Budget
    from isinglass.transforms.pii.models import SpacyModel

ZONE_CHARS = 1_000_000
"""Texts of about this length share a memory zone: strings of the vocabulary that are
new in it are forgotten at its end, so that memory does not grow with the stream."""


class Task(NamedTuple):
    """A text, or a stretch of a long one, to be analysed."""

    row: int
    chunk: Chunk
    text: str


@dataclass(frozen=True)
class StockScanner:
    """Recognizers and model of one language. Not to be pickled.

    Attributes:
        recognizers: Those that need no model.
        pipeline: Tokens, names and lemmas.
    """

    recognizers: StockRecognizers
    pipeline: StockPipeline
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def load(cls, model: SpacyModel, wanted: Iterable[str]) -> StockScanner:
        """Load the model and the recognizers of its language.

        Args:
            model: Where the model is.
            wanted: Entities asked for; those that stock Presidio does not know are
                ignored.
        """
        entities = frozenset(wanted)
        return cls(
            recognizers=StockRecognizers.build(model.language, entities),
            pipeline=StockPipeline.load(model, stock_labels(entities)),
        )

    def scan(
        self,
        texts: pa.StringArray,
        rows: NDArray[np.int64],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        """Gather the findings in some texts. A failing or slow one fails alone.

        Args:
            texts: Strings without nulls.
            rows: int64 (n,), the row of each text in the batch.
            budget: Is charged by row; rows that fail are noted in it.
            found: Is added to.
        """
        with self.lock:
            for zone in _zones(_tasks(texts, rows)):
                matches = self._match(zone, budget)
                with self.pipeline.nlp.memory_zone():
                    for begin in range(0, len(zone), BATCH_TEXTS):
                        part = slice(begin, begin + BATCH_TEXTS)
                        batch = zip(zone[part], matches[part], strict=True)
                        self._finish(list(batch), budget, found)

    def _match(self, tasks: list[Task], budget: Budget) -> list[list[Match]]:
        """Matches of the recognizers that need no model, by task."""
        wanted = self.recognizers.gate.numbers([task.text for task in tasks])
        found: list[list[Match]] = []
        for task, numbers in zip(tasks, wanted, strict=True):
            own: list[Match] = []
            for number in numbers.nonzero()[0].tolist():
                if task.row in budget.failed:
                    break
                with budget.guard(task.row):
                    search = self.recognizers.searches[number]
                    own += search.find(task.text, budget.left(task.row))
            found.append(own)
        return found

    def _finish(
        self,
        batch: list[tuple[Task, list[Match]]],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        """Add entities of the model, look at context, and keep what stock keeps."""
        alive = [item for item in batch if item[0].row not in budget.failed]
        needed = [item for item in alive if self._needs_model(item[1])]
        readings = dict(self._read([task for task, _ in needed], budget))
        for task, matches in alive:
            if task.row in budget.failed:
                continue
            with budget.guard(task.row):
                kept = self._complete(matches, readings.get(task))
                _gather(task, kept, found)

    def _needs_model(self, matches: list[Match]) -> bool:
        contexts = self.recognizers.contexts
        named = bool(self.pipeline.labels)
        return named or any(has_context(match, contexts) for match in matches)

    def _read(
        self, tasks: list[Task], budget: Budget
    ) -> Iterator[tuple[Task, Reading]]:
        began = budget.now()
        try:
            readings = self.pipeline.read([task.text for task in tasks])
        except Exception:  # noqa: BLE001 - whichever text it was is found below
            for task in tasks:
                with budget.guard(task.row):
                    yield task, self.pipeline.read([task.text])[0]
            return
        seconds = budget.now() - began
        length = sum(len(task.text) for task in tasks) or 1
        for task, reading in zip(tasks, readings, strict=True):
            budget.charge(task.row, seconds * len(task.text) / length)
            yield task, reading

    def _complete(self, matches: list[Match], reading: Reading | None) -> list[Match]:
        if reading is None:
            return remove_duplicates(matches)
        contexts = self.recognizers.contexts
        if any(has_context(match, contexts) for match in matches):
            words = self.pipeline.lemmatiser.words(reading.doc)
            matches = raise_scores(matches, contexts, words)
        return remove_duplicates([*matches, *reading.entities])


def _gather(task: Task, matches: list[Match], found: FoundColumns) -> None:
    for match in matches:
        if is_whole(task.chunk, match.start, match.end):
            detector = MODEL_DETECTOR if match.recognizer < 0 else PATTERN_DETECTOR
            place = task.chunk.start
            found.add(
                (task.row, match.start + place, match.end + place),
                Origin(match.entity, detector, match.rule, match.base),
                checked=match.checked,
                score=match.score,
                context=match.context,
            )


def _tasks(texts: pa.StringArray, rows: NDArray[np.int64]) -> Iterator[Task]:
    for row, value in zip(rows.tolist(), texts, strict=True):
        text = value.as_py()
        if text and not text.isspace():
            for chunk in chunk_spans(text):
                yield Task(row, chunk, text[chunk.start : chunk.end])


def _zones(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    zone: list[Task] = []
    length = 0
    for task in tasks:
        zone.append(task)
        length += len(task.text)
        if length >= ZONE_CHARS:
            yield zone
            zone, length = [], 0
    if zone:
        yield zone

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
from typing import TYPE_CHECKING, TypeVar

from isinglass.transforms.pii.chunks import Chunk, is_whole
from isinglass.transforms.pii.found import FoundColumns, Origin
from isinglass.transforms.pii.ner.stretches import (
    MOST_EXACT_CHARS,
    blank_long_stretches,
)
from isinglass.transforms.pii.ner.threads import one_blas_thread
from isinglass.transforms.pii.ner.zones import stretches, zones
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
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.transforms.pii.budget import Budget
    from isinglass.transforms.pii.models import SpacyModel


@dataclass(eq=False, repr=False)
class Task:
    """A text, or a stretch of a long one, and what is known of it so far.

    Attributes:
        row: Row of the text.
        chunk: Which stretch of it.
        text: The stretch.
        matches: What was found in it.
        starts: Its sentence starts, once spaCy has read it.
    """

    row: int
    chunk: Chunk
    text: str
    matches: list[Match] = field(default_factory=list)
    starts: NDArray[np.bool_] | None = None


_Result = TypeVar("_Result")


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
        with self.lock, one_blas_thread():
            tasks = (Task(*stretch) for stretch in stretches(texts, rows))
            for zone in zones(tasks):
                self._match(zone, budget)
                with self.pipeline.nlp.memory_zone():
                    for begin in range(0, len(zone), BATCH_TEXTS):
                        self._read(zone[begin : begin + BATCH_TEXTS], budget)
                self._infer(zone, budget)
                for task in zone:
                    if task.row not in budget.failed:
                        _gather(task, found)

    def _match(self, tasks: list[Task], budget: Budget) -> None:
        """Let the recognizers that need no model look at the texts."""
        wanted = self.recognizers.gate.numbers([task.text for task in tasks])
        for task, numbers in zip(tasks, wanted, strict=True):
            for number in numbers.nonzero()[0].tolist():
                if task.row in budget.failed:
                    break
                with budget.guard(task.row):
                    search = self.recognizers.searches[number]
                    left = budget.left(task.row)
                    task.matches += search.find(task.text, left)

    def _read(self, tasks: list[Task], budget: Budget) -> None:
        """Run spaCy on the texts that need it, and look at context."""
        needed = [
            task
            for task in tasks
            if task.row not in budget.failed and self._needs_model(task)
        ]

        def read(part: list[Task]) -> list[Reading]:
            return self.pipeline.read(_readable(part))

        for part, readings in _shared(read, needed, budget):
            for task, reading in zip(part, readings, strict=True):
                with budget.guard(task.row):
                    self._complete(task, reading)

    def _needs_model(self, task: Task) -> bool:
        contexts = self.recognizers.contexts
        named = bool(self.pipeline.labels)
        return named or any(has_context(match, contexts) for match in task.matches)

    def _complete(self, task: Task, reading: Reading) -> None:
        contexts = self.recognizers.contexts
        if any(has_context(match, contexts) for match in task.matches):
            words = self.pipeline.lemmatiser.words(reading.doc)
            task.matches = raise_scores(task.matches, contexts, words)
        task.matches += reading.entities
        task.starts = reading.starts

    def _infer(self, tasks: list[Task], budget: Budget) -> None:
        """Add the entities of the own inference, with the parser's sentences."""
        if self.pipeline.inference is None:
            return
        read = [
            task
            for task in tasks
            if task.starts is not None and task.row not in budget.failed
        ]

        def infer(part: list[Task]) -> list[list[Match]]:
            starts = [task.starts for task in part if task.starts is not None]
            return self.pipeline.infer(_readable(part), starts)

        for part, entities in _shared(infer, read, budget):
            for task, own in zip(part, entities, strict=True):
                task.matches += own


def _shared(
    work: Callable[[list[Task]], list[_Result]], tasks: list[Task], budget: Budget
) -> Iterator[tuple[list[Task], list[_Result]]]:
    """Work on texts together; if that fails, on each alone, so that one fails alone."""
    began = budget.now()
    try:
        results = work(tasks)
    except Exception:  # noqa: BLE001 - whichever text it was is found below
        for task in tasks:
            with budget.guard(task.row):
                yield [task], work([task])
        return
    seconds = budget.now() - began
    length = sum(len(task.text) for task in tasks) or 1
    for task in tasks:
        budget.charge(task.row, seconds * len(task.text) / length)
    yield tasks, results


def _gather(task: Task, found: FoundColumns) -> None:
    for match in remove_duplicates(task.matches):
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


def _readable(tasks: list[Task]) -> list[str]:
    return [blank_long_stretches(task.text, MOST_EXACT_CHARS) for task in tasks]

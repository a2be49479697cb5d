"""Mode `exact`: the findings of stock Presidio, entity by entity and score by score.

Stock means `AnalyzerEngine` with the same spaCy model, its default registry of the
language and its default context enhancer: faults included. It is that very engine that
runs here, on texts that spaCy has read in batches. Reserved values and the whole-word
context of the other modes do not apply, nor do `pii.phone_regions`: the phone regions
are those of the stock recognizer. Thresholds of the configuration apply afterwards. The
public suffix list is that of the `tldextract` package.

Texts longer than `chunks.CHUNK_CHARS` are cut, and over-long stretches without white
space are blanks for spaCy; everything else is as stock has it.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import regex  # type: ignore[import-untyped]
import spacy
from numpy.typing import NDArray
from presidio_analyzer import AnalyzerEngine, PatternRecognizer
from presidio_analyzer.nlp_engine import (
    NerModelConfiguration,
    NlpEngineProvider,
    SpacyNlpEngine,
)
from presidio_analyzer.predefined_recognizers import EmailRecognizer, SpacyRecognizer
from spacy.pipeline import Lemmatizer

from isinglass.transforms.pii.budget import LEAST_SECONDS, Budget
from isinglass.transforms.pii.checks.domains import has_public_suffix
from isinglass.transforms.pii.found import (
    MODEL_DETECTOR,
    PATTERN_DETECTOR,
    FoundColumns,
    Origin,
)
from isinglass.transforms.pii.ner.reading import (
    BATCH_TEXTS,
    MOST_EXACT_CHARS,
    blank_long_stretches,
    one_blas_thread,
    read_in_zones,
)
from isinglass.transforms.pii.recognizers import silence_presidio
from isinglass.transforms.pii.windows import Piece, whole_texts

if TYPE_CHECKING:
    from isinglass.transforms.pii.models import SpacyModel


@dataclass
class RowLimit:
    """The text that Presidio looks at, and since when."""

    budget: Budget = field(default_factory=lambda: Budget(0.0))
    row: int = 0
    began: float = 0.0

    def begin(self, budget: Budget, row: int) -> None:
        """Turn to another text."""
        self.budget, self.row, self.began = budget, row, budget.now()

    def left(self) -> float:
        """Seconds that the next pattern may take."""
        spent = self.budget.now() - self.began
        return max(self.budget.left(self.row) - spent, LEAST_SECONDS)


@dataclass(frozen=True)
class LimitedPattern:
    """A compiled pattern that keeps to a limit, in the place of one that does not.

    Presidio gives each pattern a minute, and goes on without the matches of one that
    takes longer. Here the row fails, since its findings are not all there are.
    """

    compiled: regex.Pattern[str]
    limit: RowLimit

    def finditer(self, text: str, timeout: float) -> Iterator[regex.Match[str]]:  # noqa: ARG002 - Presidio's own
        """Matches until the time is over, by which the row fails."""
        limit = self.limit
        if limit.row in limit.budget.failed:
            return
        try:
            yield from self.compiled.finditer(text, timeout=limit.left())
        except TimeoutError as error:
            limit.budget.fail(limit.row, error)


@dataclass(frozen=True)
class StockScanner:
    """Presidio for one language. Not to be pickled; for one thread at a time."""

    model: SpacyModel
    engine: AnalyzerEngine = field(repr=False)
    entities: frozenset[str]
    limit: RowLimit = field(repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def load(cls, model: SpacyModel, wanted: frozenset[str]) -> StockScanner:
        """Load the model and the default recognizers of its language.

        Results of one entity have no influence on those of another, so recognizers of
        what is not asked for are left out.
        """
        silence_presidio()
        engine = AnalyzerEngine(
            nlp_engine=_nlp_engine(model, wanted), supported_languages=[model.language]
        )
        limit = RowLimit()
        chosen: list[Any] = [
            recognizer
            for recognizer in engine.registry.recognizers
            if wanted.intersection(recognizer.supported_entities)
        ]
        known = frozenset(e for r in chosen for e in r.supported_entities)
        for recognizer in chosen:
            if isinstance(recognizer, PatternRecognizer):
                _limit_patterns(recognizer, limit)
            if isinstance(recognizer, EmailRecognizer):
                # Its own check would fetch the list of suffixes from the network.
                vars(recognizer)["validate_result"] = has_public_suffix
        engine.registry.recognizers = chosen
        return cls(model, engine, known & wanted, limit)

    def scan(
        self,
        texts: pa.StringArray,
        rows: NDArray[np.int64],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        """Gather the findings in some texts, as `ner.pipe.PipeEngine.scan` does."""
        if not self.entities:
            return
        engine: Any = self.engine.nlp_engine
        nlp = engine.get_nlp(self.model.language)
        with self.lock, one_blas_thread():
            parts = whole_texts(texts, rows)
            for part, artifacts in read_in_zones(nlp, self._read, parts, budget):
                with budget.guard(part.row):
                    self.limit.begin(budget, part.row)
                    results: list[Any] = self.engine.analyze(
                        part.text,
                        self.model.language,
                        return_decision_process=True,
                        nlp_artifacts=artifacts,
                    )
                    for result in results:
                        self._gather(part, result, found)
            _forget_lemmas(nlp)

    def _read(self, parts: list[Piece]) -> list[Any]:
        """What spaCy makes of some texts, in Presidio's form."""
        shown = [blank_long_stretches(part.text, MOST_EXACT_CHARS) for part in parts]
        engine: Any = self.engine.nlp_engine
        read = engine.process_batch(shown, self.model.language, batch_size=BATCH_TEXTS)
        return [artifacts for _, artifacts in read]

    def _gather(self, part: Piece, result: Any, found: FoundColumns) -> None:
        if result.entity_type not in self.entities or not part.chunk.holds(
            result.start, result.end
        ):
            return
        why, place = result.analysis_explanation, part.origin
        # A checksum that holds is a score of 1, whatever that of the pattern.
        base = 1.0 if why.validation_result else float(why.original_score)
        finder = (PATTERN_DETECTOR, why.pattern_name or why.recognizer)
        if why.recognizer == SpacyRecognizer.__name__:
            finder = (MODEL_DETECTOR, self.model.name)
        found.add(
            (part.row, result.start + place, result.end + place),
            Origin(result.entity_type, *finder, base),
            valid=True if why.validation_result else None,
            score=float(result.score),
            context=why.supportive_context_word or None,
        )


def _limit_patterns(recognizer: Any, limit: RowLimit) -> None:
    """Let the patterns of a `PatternRecognizer` keep to a limit.

    Recognizers of one class share their patterns, so this one gets its own. One that
    compiles them for every text (that of IBANs) keeps Presidio's limit.
    """
    flags = recognizer.global_regex_flags
    recognizer.patterns = [copy.copy(pattern) for pattern in recognizer.patterns]
    for pattern in recognizer.patterns:
        compiled = regex.compile(pattern.regex, flags)
        pattern.compiled_regex = LimitedPattern(compiled, limit)
        pattern.compiled_with_flags = flags


def _nlp_engine(model: SpacyModel, wanted: frozenset[str]) -> Any:
    """As the default configuration has it, but for the model.

    That one ignores ORGANIZATION; here it is found if it is asked for.
    """
    default = NlpEngineProvider().nlp_configuration["ner_model_configuration"]
    ignored = [x for x in default["labels_to_ignore"] if x not in wanted]
    engine: Any = SpacyNlpEngine(
        ner_model_configuration=NerModelConfiguration.from_dict(
            {**default, "labels_to_ignore": ignored}
        )
    )
    # Its own loading would fetch a missing model, and use a GPU that it finds.
    engine.nlp = {model.language: spacy.load(model.folder)}
    return engine


def _forget_lemmas(nlp: Any) -> None:
    """Empty what lemmatizers remember, which grows with every word that is new."""
    for _, component in nlp.pipeline:
        if isinstance(component, Lemmatizer):
            component.cache.clear()

"""Presidio as it comes, with the recognizers of what is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from presidio_analyzer import AnalyzerEngine, PatternRecognizer
from presidio_analyzer.nlp_engine import (
    NerModelConfiguration,
    NlpEngineProvider,
    SpacyNlpEngine,
)
from presidio_analyzer.predefined_recognizers import EmailRecognizer

from isinglass.transforms.pii.checks.domains import has_public_suffix
from isinglass.transforms.pii.recognizers import silence_presidio
from isinglass.transforms.pii.stock.limits import RowLimit, limit_patterns

if TYPE_CHECKING:
    from isinglass.transforms.pii.models import SpacyModel


@dataclass(frozen=True)
class StockAnalyzer:
    """An `AnalyzerEngine` of one language. Not to be pickled.

    Attributes:
        engine: Presidio's.
        entities: Of those asked for the ones it knows.
        limit: What its patterns keep to.
    """

    engine: AnalyzerEngine = field(repr=False)
    entities: frozenset[str]
    limit: RowLimit = field(repr=False)

    @classmethod
    def load(cls, model: SpacyModel, wanted: frozenset[str]) -> StockAnalyzer:
        """Load the model and the default recognizers of its language.

        Results of one entity have no influence on those of another, so recognizers of
        what is not asked for are left out.

        Args:
            model: Where the model is.
            wanted: Entities asked for.
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
                limit_patterns(recognizer, limit)
            if isinstance(recognizer, EmailRecognizer):
                # Its own check would fetch the list of suffixes from the network.
                vars(recognizer)["validate_result"] = has_public_suffix
        engine.registry.recognizers = chosen
        return cls(engine, known & wanted, limit)


def _nlp_engine(model: SpacyModel, wanted: frozenset[str]) -> Any:
    """As the default configuration has it, but for the model.

    That one ignores ORGANIZATION; here it is found if it is asked for.
    """
    import spacy  # noqa: PLC0415 - takes a second; other modes need none of it

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

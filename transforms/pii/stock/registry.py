"""The recognizers of Presidio's default registry, each with a way to search."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from presidio_analyzer import PatternRecognizer
from presidio_analyzer.predefined_recognizers import PhoneRecognizer, UrlRecognizer
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

from isinglass.transforms.pii.recognizers import model_labels
from isinglass.transforms.pii.stock.gating import StockGate
from isinglass.transforms.pii.stock.patterns import (
    OwnSearch,
    PatternSearch,
    compile_patterns,
)
from isinglass.transforms.pii.stock.phone_numbers import PhoneSearch
from isinglass.transforms.pii.stock.urls import UrlSearch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.transforms.pii.stock.matches import Search

NO_SCORES = 0.85
"""Presidio's score of an entity of a model that gives none (`default_score`)."""


@dataclass(frozen=True)
class StockRecognizers:
    """Recognizers of one language. Not to be pickled.

    Attributes:
        searches: One for each recognizer.
        contexts: Context words of each, as its list has them.
        gate: Says which of them must see a text.
    """

    searches: tuple[Search, ...] = field(repr=False)
    contexts: tuple[tuple[str, ...], ...]
    gate: StockGate

    @classmethod
    def build(cls, language: str, wanted: Iterable[str]) -> StockRecognizers:
        """Take the recognizers that find an entity that is asked for.

        Results of one entity have no influence on those of another, so that the
        others can be left out.
        """
        # Some of its messages quote the text.
        logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL + 1)
        entities = set(wanted)
        chosen = [
            recognizer
            for recognizer in _default_recognizers(language)
            if entities.intersection(recognizer.supported_entities)
        ]
        gated = {
            number: compile_patterns(recognizer)
            for number, recognizer in enumerate(chosen)
            if isinstance(recognizer, PatternRecognizer)
            and not isinstance(recognizer, UrlRecognizer)
        }
        return cls(
            searches=tuple(_search(r, number) for number, r in enumerate(chosen)),
            contexts=tuple(tuple(r.context or ()) for r in chosen),
            gate=StockGate.build(gated, len(chosen)),
        )


def known_entities(language: str) -> frozenset[str]:
    """Entities that recognizers without a model find, in the default registry."""
    recognizers = _default_recognizers(language)
    return frozenset(e for r in recognizers for e in r.supported_entities)


def _default_recognizers(language: str) -> list[Any]:
    """As `AnalyzerEngine` makes them where no registry is given."""
    provider = RecognizerRegistryProvider(
        registry_configuration={"supported_languages": [language]}
    )
    return list(provider.create_recognizer_registry().recognizers)


def _search(recognizer: Any, number: int) -> Search:
    if type(recognizer) is PhoneRecognizer:
        return PhoneSearch(recognizer, number)
    if type(recognizer) is UrlRecognizer:
        urls = UrlSearch.of(recognizer, number)
        if urls is not None:
            return urls
    # A recognizer that brings its own search is called; it knows more than patterns.
    if type(recognizer).analyze is PatternRecognizer.analyze:
        return PatternSearch(recognizer, number, compile_patterns(recognizer))
    return OwnSearch(recognizer, number)


def stock_labels(wanted: Iterable[str]) -> dict[str, str]:
    """Entity by label of a spaCy model, of the entities that are asked for."""
    entities = set(wanted)
    return {k: entity for k, entity in model_labels().items() if entity in entities}

"""spaCy's pipeline as stock Presidio runs it, without what it does not need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from isinglass.transforms.pii.ner.inference import Inference
from isinglass.transforms.pii.ner.weights import UnknownNetworkError
from isinglass.transforms.pii.stock.lemmas import Lemmatiser
from isinglass.transforms.pii.stock.matches import Match
from isinglass.transforms.pii.stock.registry import NO_SCORES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from isinglass.transforms.pii.models import SpacyModel

BATCH_TEXTS = 32
"""Texts a call of `nlp.pipe`; larger batches fall out of the cache and are slower."""

_ALWAYS = ("tok2vec", "transformer", "parser", "senter", "entity_ruler", "ner")


class Reading(NamedTuple):
    """A text that went through the pipeline.

    Attributes:
        doc: Of spaCy; must not outlive the memory zone.
        starts: bool (tokens,), whether each starts a sentence.
        entities: What spaCy's recogniser found; none where the own inference runs.
    """

    doc: Any
    starts: NDArray[np.bool_]
    entities: list[Match]


@dataclass(frozen=True)
class StockPipeline:
    """A loaded model. Not to be pickled, and used by one thread at a time.

    Named entities depend on the parser through sentence starts, which none of them may
    continue over. Tags and lemmas are made only where a match asks for them.

    Attributes:
        name: Name of the model.
        nlp: spaCy pipeline without tagger and lemmatizer.
        labels: Entity by label, for the entities that are asked for.
        lemmatiser: What is left out.
        inference: The entity recogniser, if it is one that can be run without spaCy.
    """

    name: str
    nlp: Any = field(repr=False)
    labels: dict[str, str]
    lemmatiser: Lemmatiser = field(repr=False)
    inference: Inference | None = field(default=None, repr=False)

    @classmethod
    def load(cls, model: SpacyModel, labels: dict[str, str]) -> StockPipeline:
        """Load a model.

        Args:
            model: Where it is.
            labels: Entity by label; without any the entity recogniser does not run.
        """
        import spacy  # noqa: PLC0415 - takes a second; other modes need none of it

        nlp = spacy.load(model.folder)
        later = [name for name in nlp.pipe_names if name not in _ALWAYS]
        for name in nlp.pipe_names:
            _use_openblas(nlp.get_pipe(name))
        inference = _inference(nlp) if labels else None
        if "ner" in nlp.pipe_names and (inference is not None or not labels):
            nlp.disable_pipe("ner")
        for name in later:
            nlp.disable_pipe(name)
        return cls(model.name, nlp, labels, Lemmatiser.of(nlp, later), inference)

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Tokens, sentence starts and entities of some texts.

        To be called in a memory zone, in which the docs stay.
        """
        return [
            Reading(doc, doc.to_array("SENT_START") == 1, self._entities(doc))
            for doc in self.nlp.pipe(texts, batch_size=BATCH_TEXTS)
        ]

    def _entities(self, doc: Any) -> list[Match]:
        spans = [(0, e.start_char, e.end_char, e.label_) for e in doc.ents]
        return [match for _, match in self._matches(spans)]

    def infer(
        self, texts: Sequence[str], starts: Sequence[NDArray[np.bool_]]
    ) -> list[list[Match]]:
        """Entities by the own inference, for each text; none without it.

        Not to be called in a memory zone, of which there can be only one.

        Args:
            texts: n texts.
            starts: Sentence starts of each.
        """
        found: list[list[Match]] = [[] for _ in texts]
        if self.inference is None:
            return found
        spans = self.inference.spans(pa.array(texts, pa.string()), starts)
        labels = [self.inference.labels[number] for number in spans.labels.tolist()]
        places = (column.tolist() for column in spans[:3])
        for text, match in self._matches(zip(*places, labels, strict=True)):
            found[text].append(match)
        return found

    def _matches(
        self, spans: Iterable[tuple[int, int, int, str]]
    ) -> Iterator[tuple[int, Match]]:
        for text, start, end, label in spans:
            entity = self.labels.get(label)
            if entity is not None:
                yield (
                    text,
                    Match(entity, start, end, NO_SCORES, self.name, NO_SCORES),
                )


def _inference(nlp: Any) -> Inference | None:
    try:
        return Inference(nlp)
    except UnknownNetworkError:
        return None


def _use_openblas(pipe: Any) -> None:
    """Let numpy multiply: its OpenBLAS is 2.7 times as fast as spaCy's blis here."""
    model = getattr(pipe, "model", None)
    if model is None or model is True:
        return
    for node in model.walk():
        if hasattr(node.ops, "use_blis"):
            node.ops.use_blis = False

"""spaCy's pipeline as stock Presidio runs it, without what it does not need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from isinglass.transforms.pii.stock.lemmas import Lemmatiser
from isinglass.transforms.pii.stock.matches import Match
from isinglass.transforms.pii.stock.registry import NO_SCORES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.transforms.pii.models import SpacyModel

BATCH_TEXTS = 32
"""Texts a call of `nlp.pipe`; larger batches fall out of the cache and are slower."""

_ALWAYS = ("tok2vec", "transformer", "parser", "senter", "entity_ruler", "ner")


class Reading(NamedTuple):
    """A text that went through the pipeline.

    Attributes:
        doc: Of spaCy; must not outlive the memory zone.
        entities: What the model found.
    """

    doc: Any
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
    """

    name: str
    nlp: Any = field(repr=False)
    labels: dict[str, str]
    lemmatiser: Lemmatiser = field(repr=False)

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
        unused = [] if labels else [n for n in nlp.pipe_names if n == "ner"]
        for name in nlp.pipe_names:
            _use_openblas(nlp.get_pipe(name))
        for name in (*later, *unused):
            nlp.disable_pipe(name)
        return cls(model.name, nlp, labels, Lemmatiser.of(nlp, later))

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Tokens, sentence starts and entities of some texts."""
        docs = self.nlp.pipe(texts, batch_size=BATCH_TEXTS)
        return [Reading(doc, self._entities(doc)) for doc in docs]

    def _entities(self, doc: Any) -> list[Match]:
        return [
            Match(
                self.labels[span.label_], span.start_char, span.end_char,
                NO_SCORES, self.name, NO_SCORES,
            )
            for span in doc.ents
            if span.label_ in self.labels
        ]  # fmt: skip


def _use_openblas(pipe: Any) -> None:
    """Let numpy multiply: its OpenBLAS is 2.7 times as fast as spaCy's blis here."""
    model = getattr(pipe, "model", None)
    if model is None or model is True:
        return
    for node in model.walk():
        if hasattr(node.ops, "use_blis"):
            node.ops.use_blis = False

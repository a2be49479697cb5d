"""Named entities by spaCy itself: any model, and whatever else cannot run it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.pii.found import MODEL_DETECTOR, FoundColumns, Origin
from isinglass.transforms.pii.ner.reading import (
    MOST_EXACT_CHARS,
    one_blas_thread,
    read_in_zones,
    without_long_stretches,
)
from isinglass.transforms.pii.windows import Piece, whole_texts

if TYPE_CHECKING:
    from isinglass.transforms.pii.budget import Budget
    from isinglass.transforms.pii.models import SpacyModel

SCORE = 0.85
"""spaCy gives no scores; Presidio's default for every entity of a model."""

# What named entities do not depend on. Sentence starts, set by the parser, do matter:
# no entity continues over one.
_NO_USE = ("tagger", "morphologizer", "attribute_ruler", "lemmatizer")


@dataclass(frozen=True)
class PipeEngine:
    """A loaded model. Not to be pickled, and used by one thread at a time.

    Attributes:
        entities: Entity by label, for the entities that are asked for.
    """

    name: str
    nlp: Any = field(repr=False)
    entities: dict[str, str]
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def scan(
        self,
        texts: pa.StringArray,
        rows: NDArray[np.int64],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        """Gather the entities of some texts. A failing or slow one fails alone."""
        shown = without_long_stretches(texts, MOST_EXACT_CHARS)
        with self.lock, one_blas_thread():
            parts = whole_texts(shown, rows)
            for part, doc in read_in_zones(self.nlp, self._read, parts, budget):
                self._gather(part, doc, found)

    def _read(self, parts: list[Piece]) -> list[Any]:
        return list(self.nlp.pipe([part.text for part in parts]))

    def _gather(self, part: Piece, doc: Any, found: FoundColumns) -> None:
        """Take numbers out of a doc, which must not outlive its memory zone."""
        origin = part.origin
        for span in doc.ents:
            if span.label_ in self.entities and part.chunk.holds(
                span.start_char, span.end_char
            ):
                entity = self.entities[span.label_]
                found.add(
                    (part.row, origin + span.start_char, origin + span.end_char),
                    Origin(entity, MODEL_DETECTOR, self.name, SCORE),
                )


def load_pipeline(model: SpacyModel) -> Any:
    """Load a model without components that its entities do not depend on."""
    nlp = _load(model)
    for name in nlp.pipe_names:
        _use_openblas(nlp.get_pipe(name))
    return nlp


def _load(model: SpacyModel) -> Any:
    import spacy  # noqa: PLC0415 - takes a second; identifiers need none of it

    # spaCy imports whatever packages offer as components, and Presidio's brings all of
    # transformers. Models that use one are rare: only then it is asked for.
    offered = spacy.util.registry._entry_point_factories  # noqa: SLF001 - no other way
    offered.entry_points = False
    try:
        return spacy.load(model.folder, exclude=_NO_USE)
    except ValueError:  # an unknown component
        offered.entry_points = True
        return spacy.load(model.folder, exclude=_NO_USE)
    finally:
        offered.entry_points = True


def keep_recogniser(nlp: Any) -> None:
    """Leave the entity recogniser, and the shared encoder if it listens to one."""
    needed = {"ner", "entity_ruler"}
    if "ner" in nlp.pipe_names:
        layers = [node.name for node in nlp.get_pipe("ner").model.walk()]
        if any("listener" in name for name in layers):
            needed |= {"tok2vec", "transformer"}
    for name in nlp.pipe_names:
        if name not in needed:
            nlp.remove_pipe(name)


def add_bias(recogniser: Any, bias: float) -> None:
    """Add to the score of the move O, by which a token is no part of an entity."""
    upper = recogniser.model.layers[-1]
    moves = recogniser.moves
    names = [moves.get_class_name(number) for number in range(moves.n_moves)]
    values = upper.get_param("b").copy()
    values[names.index("O")] += bias
    upper.set_param("b", values)


def _use_openblas(pipe: Any) -> None:
    """Let numpy multiply: its OpenBLAS is 2.7 times as fast as spaCy's blis here."""
    model = getattr(pipe, "model", None)
    if model is None or model is True:
        return
    for node in model.walk():
        if hasattr(node.ops, "use_blis"):
            node.ops.use_blis = False

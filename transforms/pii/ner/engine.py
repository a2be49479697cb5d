"""What finds named entities, and which engine runs a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from isinglass.transforms.pii.ner.inference import Inference
from isinglass.transforms.pii.ner.own_engine import OwnEngine
from isinglass.transforms.pii.ner.pipe import PipeEngine, load_pipeline, wanted_labels
from isinglass.transforms.pii.ner.sentences import SentenceStarts
from isinglass.transforms.pii.ner.weights import UnknownNetworkError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.transforms.pii.budget import Budget
    from isinglass.transforms.pii.found import FoundColumns
    from isinglass.transforms.pii.models import SpacyModel


class NerEngine(Protocol):
    """A loaded model. Not to be pickled, and used by one thread at a time."""

    @property
    def name(self) -> str:
        """Name of the model."""

    @property
    def how(self) -> str:
        """What runs the model, and why if it is spaCy itself: no text of documents."""

    def scan(
        self,
        texts: pa.StringArray,
        rows: NDArray[np.int64],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        """Gather the entities of some texts. A failing or slow one fails alone.

        Args:
            texts: Strings without nulls.
            rows: int64 (n,), the row of each text in the batch.
            budget: Is charged by row; rows that fail are noted in it.
            found: Is added to.
        """


def load_engine(model: SpacyModel, wanted: frozenset[str]) -> NerEngine:
    """Load a model: by own inference where that is known to be equal, else by spaCy.

    Args:
        model: Where it is.
        wanted: Entities asked for.
    """
    labels = wanted_labels(wanted)
    nlp = load_pipeline(model, parse=True)
    try:
        inference = Inference(nlp)
    except UnknownNetworkError as error:
        bare = load_pipeline(model, parse=False)
        return PipeEngine(model.name, bare, labels, how=f"spaCy: {error}")
    sentences = SentenceStarts(nlp, inference.labels) if _parses(nlp) else None
    return OwnEngine(model.name, inference, sentences, labels)


def _parses(nlp: Any) -> bool:
    return "parser" in nlp.pipe_names

"""What finds named entities, and which engine runs a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from isinglass.transforms.pii.ner.pipe import PipeEngine, load_pipeline, wanted_labels

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


def load_engine(model: SpacyModel, wanted: frozenset[str], *, parse: bool) -> NerEngine:
    """Load a model.

    Args:
        model: Where it is.
        wanted: Entities asked for.
        parse: Whether to keep the parser, whose sentence starts bound entities.
    """
    nlp = load_pipeline(model, parse=parse)
    return PipeEngine(model.name, nlp, wanted_labels(wanted))

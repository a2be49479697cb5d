"""What runs a model: this package's inference, or spaCy.

Own inference of a known model finds what spaCy's full pipeline finds, but for the
sentence starts of the parser, which is asked only around suspicious places (see
`sentences`). Entities of labels that map to PERSON, LOCATION and NRP, missing and extra
against the full pipeline:

1,500 documents of code, law, tables and prose, by which the rule was chosen: 0 and 1 of
5,161. (Without asking the parser nearly all differences are `D.C. Law` in statutes, 178
of 187 in 2 MB: it begins a sentence at `Law`.)
1,000 other documents of the same corpus: 0 and 1 of 3,837. Wikipedia, technical and
synthetic sentences: 0 and 1 of 3,697. 1,287 tweets: 6 and 5 of 639.

What remains: a start behind a token of digits, or before one without a capital
(`RT @ 5` before `HonTour`, four times), and starts that the parser judges otherwise
when it reads no more than a window.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.pii.found import MODEL_DETECTOR, FoundColumns, Origin
from isinglass.transforms.pii.installed_presidio import model_labels
from isinglass.transforms.pii.ner.encoder import UnknownNetworkError
from isinglass.transforms.pii.ner.inference import Inference, Spans
from isinglass.transforms.pii.ner.pipe import (
    SCORE,
    PipeEngine,
    add_bias,
    keep_recogniser,
    load_pipeline,
)
from isinglass.transforms.pii.ner.reading import (
    MOST_CHARS,
    groups,
    one_blas_thread,
    read_together,
    without_long_stretches,
)
from isinglass.transforms.pii.windows import Piece, whole_texts

if TYPE_CHECKING:
    from isinglass.transforms.pii.budget import Budget
    from isinglass.transforms.pii.models import SpacyModel

CUT_CHARS = 1_000_000
"""Longer texts are cut; spaCy itself refuses them (`Language.max_length`)."""

BATCH_CHARS = 1 << 18
"""Texts are taken together until they are of this length."""


@dataclass(frozen=True)
class OwnEngine:
    """Own inference of a model. Not to be pickled, and used by one thread at a time.

    Attributes:
        entities: Entity by label, for the entities that are asked for.
    """

    name: str
    inference: Inference = field(repr=False)
    entities: dict[str, str]
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def scan(
        self,
        texts: pa.StringArray,
        rows: NDArray[np.int64],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        """Gather the entities of some texts: see `PipeEngine.scan`."""
        shown = without_long_stretches(texts, MOST_CHARS)
        with self.lock, one_blas_thread():
            for group in groups(whole_texts(shown, rows, CUT_CHARS), BATCH_CHARS):
                for parts, spans in read_together(self._read, group, budget):
                    self._gather(parts, spans, found)

    def _read(self, parts: list[Piece]) -> Spans:
        return self.inference.spans(pa.array([part.text for part in parts]))

    def _gather(self, parts: list[Piece], spans: Spans, found: FoundColumns) -> None:
        """Add entities that are asked for and touch no cut, as `Chunk.holds` has it."""
        labels = self.inference.labels
        wanted = np.array([label in self.entities for label in labels])
        places = [
            (part.row, c.start, c.start + c.cut_start, c.end - c.cut_end)
            for part in parts
            for c in (part.chunk,)
        ]
        rows, origins, lows, highs = np.array(places, np.int32)[spans.texts].T
        starts, ends = spans.starts + origins, spans.ends + origins
        keep = wanted[spans.labels] & (starts >= lows) & (ends <= highs)
        named = [self.entities.get(label, label) for label in labels]
        found.extend(
            np.stack([rows, starts, ends])[:, keep],
            [Origin(name, MODEL_DETECTOR, self.name, SCORE) for name in named],
            spans.labels[keep],
        )


NerEngine: TypeAlias = OwnEngine | PipeEngine


def load_engine(
    model: SpacyModel, wanted: frozenset[str], bias: float = 0.0
) -> NerEngine:
    """Load a model: by own inference where that is known to be equal, else by spaCy.

    Args:
        model: Where it is.
        wanted: Entities that are asked for.
        bias: Is added to the score of the move O: less is found, and more of it right.
    """
    found = model.finds(wanted)
    labels = {k: v for k, v in model_labels().items() if v in found}
    nlp = load_pipeline(model)
    if bias:
        add_bias(nlp.get_pipe("ner"), bias)
    try:
        return OwnEngine(model.name, Inference(nlp), labels)
    except UnknownNetworkError:
        keep_recogniser(nlp)
        return PipeEngine(model.name, nlp, labels)

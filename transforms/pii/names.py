"""Names of people: what a model proposes, held to the form of names, and confirmed.

The model is shown the text without markup. What it says of people is cut and trimmed to
names (`name_form`); where the model comes with a head and the encoder is installed, the
head confirms or refuses each (`confirm`). Other entities pass as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.pii.confirm import Confirmer, Mention
from isinglass.transforms.pii.found import FoundColumns, Origin
from isinglass.transforms.pii.name_form import name_spans

if TYPE_CHECKING:
    from isinglass.transforms.pii.budget import Budget
    from isinglass.transforms.pii.ner.engine import NerEngine
    from isinglass.transforms.pii.plain import PlainTexts

PERSON = "PERSON"

Place = tuple[tuple[int, int, int], "Origin"]
"""Row, start and end (code points), and who found it."""


@dataclass(frozen=True)
class NameFinder:
    """A model with what judges its names. Not to be pickled; one thread at a time.

    Attributes:
        confirmer: Confirms each name; None leaves the model alone with its bias.
    """

    engine: NerEngine = field(repr=False)
    confirmer: Confirmer | None = field(default=None, repr=False)

    def scan(
        self,
        shown: PlainTexts,
        rows: NDArray[np.int64],
        budget: Budget,
        found: FoundColumns,
    ) -> None:
        """Gather the entities of some texts. A failing or slow one fails alone.

        Args:
            shown: Texts as the model reads them.
            rows: int64 (n,), which of them.
            budget: Is charged by row; rows that fail are noted in it.
            found: Is added to, at the places of the originals.
        """
        raw, before = FoundColumns(), len(found)
        self.engine.scan(shown.texts.take(pa.array(rows)), rows, budget, raw)
        texts: dict[int, str] = {}
        names: list[Place] = []
        for (row, start, end), origin in raw.places():
            if row in budget.failed:
                continue
            if origin.entity != PERSON:
                found.add((row, start, end), origin)
                continue
            if row not in texts:
                texts[row] = shown.texts[row].as_py()
            spans = name_spans(texts[row], start, end)
            names += [((row, low, high), origin) for low, high in spans]
        for span, origin in self._confirmed(names, texts):
            found.add(span, origin)
        found.relocate(shown.places, before)

    def _confirmed(self, names: list[Place], texts: dict[int, str]) -> list[Place]:
        if self.confirmer is None or not names:
            return names
        mentions = [Mention.of(texts[row], low, high) for (row, low, high), _ in names]
        kept = self.confirmer.people(mentions)
        return [name for name, keep in zip(names, kept.tolist(), strict=True) if keep]

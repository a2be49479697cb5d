"""Boilerplate in the texts of a batch: where it is, and what is taken out with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.tables import PARAGRAPHS
from isinglass.transforms.boilerplate.boilerplate import UNKNOWN, Boilerplate
from isinglass.transforms.boilerplate.cut import cut_paragraphs
from isinglass.transforms.boilerplate.paragraphs import paragraph_keys
from isinglass.transforms.edits.cut import Cuts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.schemas.config.dedup import ParagraphsConfig
    from isinglass.schemas.config.normalise import NormaliseConfig
    from isinglass.transforms.edits.view import View


@dataclass(frozen=True, eq=False)
class Trimmed:
    """The boilerplate of a batch, in the source texts.

    Attributes:
        rows: int64 (k,), text of each boilerplate paragraph, ascending.
        starts: int32 (k,), its first code point; of a removed one, the first that
            went with it.
        ends: int32 (k,), likewise the code point behind its last one.
        numbers: int32 (k,), its number in the list of paragraphs.
        removed: Whether boilerplate was cut out.
    """

    rows: NDArray[np.int64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    numbers: NDArray[np.int32]
    removed: bool

    def table(self, doc_ids: pa.StringArray, rows: NDArray[np.int64]) -> pa.RecordBatch:
        """Rows of `tables.PARAGRAPHS`.

        Args:
            doc_ids: Of all texts (n,).
            rows: int64, texts whose paragraphs are wanted.
        """
        chosen = np.isin(self.rows, rows)
        names = doc_ids.take(pa.array(self.rows[chosen]))
        places = [self.starts, self.ends, self.numbers]
        flags = pa.array(np.full(int(chosen.sum()), self.removed))
        columns = [names, *(pa.array(column[chosen]) for column in places), flags]
        return pa.RecordBatch.from_arrays(columns, schema=PARAGRAPHS)


@dataclass(frozen=True, eq=False)
class Trimmer:
    """Finds boilerplate, and has it cut out if that was asked for.

    Attributes:
        config: The `dedup.paragraphs` section.
        normalise: The `dedup.normalise` section.
        boilerplate: What is boilerplate in this corpus.
    """

    config: ParagraphsConfig
    normalise: NormaliseConfig
    boilerplate: Boilerplate

    def cuts(self, view: View) -> Cuts:
        """Find the boilerplate in the source texts of a batch.

        Returns:
            What is to be cut out, nothing if boilerplate is only listed; the note is
            `Trimmed`.
        """
        texts = view.source_texts
        found = paragraph_keys(texts, view.sources, self.normalise, self.config)
        numbers = self.boilerplate.find(found.keys)
        chosen = numbers != UNKNOWN
        rows, numbers = found.rows[chosen], numbers[chosen]
        starts, ends = found.starts[chosen], found.ends[chosen]
        if not self.config.remove:
            return Cuts(note=Trimmed(rows, starts, ends, numbers, removed=False))
        cuts = cut_paragraphs(texts, rows, starts, ends)
        note = Trimmed(cuts.rows, cuts.starts, cuts.ends, numbers, removed=True)
        return replace(cuts, note=note)

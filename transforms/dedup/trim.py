"""Boilerplate in the texts of a batch: where it is, and the texts without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.tables import PARAGRAPHS
from isinglass.transforms.dedup.boilerplate import UNKNOWN, Boilerplate
from isinglass.transforms.dedup.cut import Cut, cut_paragraphs, nothing_cut
from isinglass.transforms.dedup.paragraphs import paragraph_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.schemas.config.dedup import NormaliseConfig, ParagraphsConfig


@dataclass(frozen=True, eq=False)
class Trimmed:
    """Texts as they are scanned, and the boilerplate in their source.

    Attributes:
        cut: The texts, without boilerplate if it is removed.
        rows: int64 (k,), text of each boilerplate paragraph, ascending.
        starts: int32 (k,), its first code point in the source text; of a removed one,
            the first that went with it.
        ends: int32 (k,), likewise the code point behind its last one.
        numbers: int32 (k,), its number in the list of paragraphs.
        removed: Whether boilerplate was cut out.
    """

    cut: Cut
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
    """Finds boilerplate, and cuts it out if that was asked for.

    Attributes:
        config: The `dedup.paragraphs` section.
        normalise: The `dedup.normalise` section.
        boilerplate: What is boilerplate in this corpus.
    """

    config: ParagraphsConfig
    normalise: NormaliseConfig
    boilerplate: Boilerplate

    def trim(self, texts: pa.StringArray, sources: pa.StringArray) -> Trimmed:
        """Find the boilerplate of texts.

        Args:
            texts: Strings (n,) without nulls.
            sources: Safe source labels (n,).
        """
        found = paragraph_keys(texts, sources, self.normalise, self.config)
        numbers = self.boilerplate.find(found.keys)
        chosen = numbers != UNKNOWN
        rows, numbers = found.rows[chosen], numbers[chosen]
        starts, ends = found.starts[chosen], found.ends[chosen]
        if not self.config.remove:
            return Trimmed(
                nothing_cut(texts), rows, starts, ends, numbers, removed=False
            )
        cut = cut_paragraphs(texts, rows, starts, ends)
        return Trimmed(cut, rows, cut.starts, cut.ends, numbers, removed=True)


def untrimmed(texts: pa.StringArray) -> Trimmed:
    """Texts in which no boilerplate was looked for."""
    cut = nothing_cut(texts)
    none = np.zeros(0, np.int32)
    return Trimmed(cut, cut.rows, cut.starts, cut.ends, none, removed=False)

"""What stages see of a batch: kept documents, their languages and what was cut."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.edits.cut import Cut, joined, nothing_cut, take_out
from isinglass.transforms.edits.seams import in_source, split_at_seams
from isinglass.transforms.labels import safe_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from isinglass.transforms.edits.cut import Cuts


@dataclass(frozen=True, eq=False)
class View:
    """The documents of a batch that are to be kept, as they are read now.

    Attributes:
        documents: `tables.DOCUMENTS` and carried columns, one row a document (n,).
        languages: Language tag of each.
        cut: Their texts without what was taken out.
    """

    documents: pa.RecordBatch = field(repr=False)
    languages: pa.StringArray = field(repr=False)
    cut: Cut

    @classmethod
    def of(cls, documents: pa.RecordBatch, languages: pa.StringArray) -> View:
        """Documents of which nothing was taken out."""
        return cls(documents, languages, nothing_cut(documents.column("text")))

    @property
    def texts(self) -> pa.StringArray:
        """What is read now (n,)."""
        return self.cut.texts

    @property
    def source_texts(self) -> pa.StringArray:
        """The texts (n,) as they came in."""
        return self.documents.column("text")

    @property
    def doc_ids(self) -> pa.StringArray:
        """Names of the documents (n,)."""
        return self.documents.column("doc_id")

    @cached_property
    def sources(self) -> pa.StringArray:
        """Safe labels (n,) of where documents come from, null where unknown."""
        return safe_labels(self.documents.column("source"))

    def with_cuts(self, cuts: Sequence[Cuts]) -> View:
        """Take parts out of the texts, besides those that are out already.

        Args:
            cuts: What stages ask for; parts of different ones may overlap.
        """
        if not any(len(one.rows) for one in cuts):
            return self
        parts: list[Cut | Cuts] = [self.cut, *cuts]
        rows = np.concatenate([part.rows for part in parts])
        starts = np.concatenate([part.starts for part in parts]).astype(np.int64)
        ends = np.concatenate([part.ends for part in parts]).astype(np.int64)
        order = np.lexsort((ends, starts, rows))
        rows, starts, ends = joined(rows[order], starts[order], ends[order])
        places = starts.astype(np.int32), ends.astype(np.int32)
        return replace(self, cut=take_out(self.source_texts, rows, *places))

    def in_source(self, found: pa.RecordBatch) -> pa.RecordBatch:
        """Spans of `texts` as spans of the source texts.

        Args:
            found: `spans.FOUND` without overlaps, sorted by row and start.

        Returns:
            Spans of the same kind, none over a seam; see `seams.split_at_seams`.
        """
        if len(self.cut.rows) == 0:
            return found
        split = split_at_seams(found, self.cut)
        rows = split.column("row").to_numpy().astype(np.int64)
        return in_source(split, rows, self.cut)

"""What stages see of a batch: kept documents, their languages and what was cut.

In texts that were cut, what stood before a cut part and what stood behind it may be
found as one value. In the source text that is no span, so each side of the seam is a
finding of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from isinglass.transforms.batches import one_batch
from isinglass.transforms.edits.cut import Cut, Cuts, joined, take_out
from isinglass.transforms.edits.edits import places_of
from isinglass.transforms.labels import safe_labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
        return cls(documents, languages, Cut(documents.column("text")))

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

        Parts of different stages may overlap.
        """
        if not any(len(one.rows) for one in cuts):
            return self
        parts: list[Cut | Cuts] = [self.cut, *cuts]
        rows = np.concatenate([part.rows for part in parts])
        starts = np.concatenate([part.starts for part in parts]).astype(np.int64)
        ends = np.concatenate([part.ends for part in parts]).astype(np.int64)
        order = np.lexsort((ends, starts, rows))
        rows, starts, ends = joined(rows[order], starts[order], ends[order])
        whole = Cuts(rows, starts.astype(np.int32), ends.astype(np.int32))
        return replace(self, cut=take_out(self.source_texts, whole))

    def in_source(self, found: pa.RecordBatch) -> pa.RecordBatch:
        """Spans of `texts` as spans of the source texts, none over a seam.

        `found` is `spans.FOUND` without overlaps, sorted by row and start; see
        `split_at_seams`.
        """
        if len(self.cut.rows) == 0:
            return found
        return in_source(split_at_seams(found, self.cut), self.cut)


def split_at_seams(findings: pa.RecordBatch, cut: Cut) -> pa.RecordBatch:
    """Divide the findings (`spans.FOUND`, sorted, no overlaps) that reach over a seam.

    Each is within one stretch of the source text then. A part has no checksum of its
    own, nothing but letters and digits at its ends, and is left out if it holds
    neither.
    """
    crossing = np.flatnonzero(_crosses(findings, cut))
    if len(crossing) == 0:
        return findings
    pieces, done = [], 0
    for index in crossing.tolist():
        pieces.append(findings.slice(done, index - done))
        row = findings.slice(index, 1).to_pylist()[0]
        parts = [row | part for part in _parts(row, cut)]
        pieces.append(pa.RecordBatch.from_pylist(parts, schema=findings.schema))
        done = index + 1
    pieces.append(findings.slice(done))
    return one_batch(pa.Table.from_batches(pieces, schema=findings.schema))


def in_source(findings: pa.RecordBatch, cut: Cut) -> pa.RecordBatch:
    """Findings in cut texts, none over a seam, with their offsets in the source."""
    rows, starts, ends = places_of(findings)
    moved = cut.to_source(rows, starts) - starts
    for name, places in (("start", starts), ("end", ends)):
        index = findings.schema.get_field_index(name)
        column = pa.array((places + moved).astype(np.int32))
        findings = findings.set_column(index, findings.schema.field(index), column)
    return findings


def _crosses(findings: pa.RecordBatch, cut: Cut) -> np.ndarray:
    """Which findings (k,): the source has more between start and end than was found."""
    rows, start, end = places_of(findings)
    wide = end > start
    first = cut.to_source(rows, start)
    last = cut.to_source(rows, np.where(wide, end - 1, start))
    return np.asarray(wide & (last - first != end - 1 - start))


def _parts(row: dict[str, Any], cut: Cut) -> Iterator[dict[str, Any]]:
    """Places of the parts of one finding, from left to right."""
    text = cut.texts[row["row"]].as_py()
    seams = cut.seams[cut.rows == row["row"]].tolist()
    inside = sorted({seam for seam in seams if row["start"] < seam < row["end"]})
    bounds = [row["start"], *inside, row["end"]]
    for start, end in pairwise(bounds):
        held = [i for i in range(start, end) if text[i].isalnum()]
        if held:
            yield {"start": held[0], "end": held[-1] + 1, "validated": None}

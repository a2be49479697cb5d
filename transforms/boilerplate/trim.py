"""Boilerplate in the texts of a batch: where it is, and what is taken out with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.tables import PARAGRAPHS
from isinglass.transforms.boilerplate.boilerplate import UNKNOWN
from isinglass.transforms.boilerplate.paragraphs import paragraph_keys
from isinglass.transforms.edits.cut import Cuts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.schemas.config import DedupConfig
    from isinglass.transforms.boilerplate.boilerplate import Boilerplate
    from isinglass.transforms.boilerplate.paragraphs import Paragraphs
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
        """Rows of `tables.PARAGRAPHS` for some texts of all those with these ids."""
        chosen = np.isin(self.rows, rows)
        names = doc_ids.take(pa.array(self.rows[chosen]))
        places = [self.starts, self.ends, self.numbers]
        flags = pa.array(np.full(int(chosen.sum()), self.removed))
        columns = [names, *(pa.array(column[chosen]) for column in places), flags]
        return pa.RecordBatch.from_arrays(columns, schema=PARAGRAPHS)


def boilerplate_cuts(view: View, dedup: DedupConfig, boilerplate: Boilerplate) -> Cuts:
    """Find boilerplate in the source texts of a batch.

    Returns:
        What is to be cut out, nothing if boilerplate is only listed; the note is
        `Trimmed`.
    """
    config = dedup.paragraphs
    assert config is not None
    found = paragraph_keys(view.source_texts, view.sources, dedup.normalise, config)
    numbers = boilerplate.find(found.keys)
    chosen = numbers != UNKNOWN
    if config.remove:
        cuts = cut_paragraphs(found.all, found.places[chosen])
    else:
        cuts = Cuts(found.rows[chosen], found.starts[chosen], found.ends[chosen])
    note = Trimmed(cuts.rows, cuts.starts, cuts.ends, numbers[chosen], config.remove)
    return replace(cuts, note=note) if config.remove else Cuts(note=note)


def cut_paragraphs(found: Paragraphs, chosen: NDArray[np.int64]) -> Cuts:
    """Tell what is to be taken out of texts so that some of their paragraphs are gone.

    A paragraph goes with its whole lines and the border after it; from the end of a
    text it goes with the border before it. So no empty paragraphs pile up, and what
    stays keeps its indentation and the line end that closes the text.

    Args:
        found: All paragraphs of the texts.
        chosen: Shape (m,), those that go, ascending.

    Returns:
        One part a paragraph, in the same order. Where all paragraphs of a text go,
        white space at its ends may be left.
    """
    rows = found.rows[chosen]
    first = chosen == found.offsets[rows]
    last = chosen + 1 == found.offsets[rows + 1]
    follows = np.zeros(len(chosen), np.bool_)
    follows[:-1] = (chosen[1:] == chosen[:-1] + 1) & ~last[:-1]
    # Behind those of a run that ends its text no other paragraph follows.
    closes = ~follows
    behind = last[closes][np.cumsum(closes) - closes]
    starts = np.where(behind & ~first, found.ends[chosen - 1], found.heads[chosen])
    following = found.heads[np.minimum(chosen + 1, len(found.heads) - 1)]
    return Cuts(rows, starts, np.where(behind, found.ends[chosen], following))

"""Boilerplate: paragraphs that more than so many documents hold, and cutting them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers, Words
from isinglass.schemas.config import DedupConfig
from isinglass.schemas.tables import PARAGRAPHS
from isinglass.transforms.boilerplate.paragraphs import Paragraphs, paragraph_keys
from isinglass.transforms.edits.cut import Cuts

if TYPE_CHECKING:
    from isinglass.transforms.edits.view import View

UNKNOWN = -1
ENTRY = np.dtype([("key", "<u8"), ("documents", "<u4")])
"""A paragraph key and how many documents of one shard hold it."""


@dataclass(frozen=True, eq=False)
class Boilerplate:
    """Paragraph keys (k,), distinct and ascending, and documents that hold each."""

    keys: Words = field(repr=False)
    documents: Integers = field(repr=False)

    @cached_property
    def order(self) -> Integers:
        """int64 (k,), index of each paragraph: most documents first, then by key."""
        return np.lexsort((self.keys, -self.documents))

    @cached_property
    def numbers(self) -> NDArray[np.int32]:
        """int32 (k,), number of each key in the list of paragraphs."""
        numbers = np.empty(len(self.keys), np.int32)
        numbers[self.order] = np.arange(len(self.keys), dtype=np.int32)
        return numbers

    def find(self, keys: Words) -> NDArray[np.int32]:
        """Paragraph numbers of keys (m,); `UNKNOWN` for what is no boilerplate."""
        if len(self.keys) == 0:
            return np.full(len(keys), UNKNOWN, np.int32)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        found = self.numbers[place]
        return np.where(self.keys[place] == keys, found, np.int32(UNKNOWN))


def pack(keys: Words) -> NDArray[np.void]:
    """Sum up the distinct keys of the documents of a shard: `ENTRY`, ascending."""
    distinct, counts = np.unique(keys, return_counts=True)
    entries = np.empty(len(distinct), ENTRY)
    entries["key"], entries["documents"] = distinct, counts
    return entries


def frequent(entries: NDArray[np.void], max_documents: int) -> Words:
    """Add up entries of many shards; keep what more than so many documents hold.

    Returns keys, ascending, and documents, shape (2, k).
    """
    entries = entries[np.argsort(entries["key"], kind="stable")]
    keys, starts = np.unique(entries["key"], return_index=True)
    total = np.zeros(len(entries) + 1, np.uint64)
    np.cumsum(entries["documents"], out=total[1:])
    documents = np.diff(total[np.append(starts, len(entries))])
    return np.stack([keys, documents])[:, documents > max_documents]


def emptied(
    paragraphs: pa.ListArray, only_long: pa.BooleanArray, boilerplate: Boilerplate
) -> Flags:
    """Tell which documents have no other paragraphs than boilerplate.

    A document without paragraphs (list<uint64> of keys, or null) is not emptied: it
    was empty before. `only_long` is as of `ParagraphKeys`.
    """
    if len(paragraphs) == 0:
        return np.zeros(0, np.bool_)
    keys, offsets = list_parts(paragraphs)
    known = boilerplate.find(keys) != UNKNOWN
    total = np.concatenate([[0], np.cumsum(known)])
    counts = np.diff(offsets)
    whole = (counts > 0) & (np.diff(total[offsets]) == counts)
    return np.asarray(whole & only_long.to_numpy(zero_copy_only=False))


def list_parts(lists: pa.ListArray) -> tuple[Words, Integers]:
    """Values (m,) of list<uint64> (n,) and n + 1 offsets into them; null is empty."""
    counts = lists.value_lengths().fill_null(0).to_numpy().astype(np.int64)
    values = lists.flatten().to_numpy()
    return values, np.concatenate([[0], np.cumsum(counts)])


@dataclass(frozen=True, eq=False)
class Trimmed:
    """The boilerplate of a batch, in the source texts.

    A paragraph is in text `rows`, int64 (k,), ascending, from code point `starts` up to
    `ends`, int32 (k,), or if it was `removed` what went with it; `numbers`, int32 (k,),
    are those in the list of paragraphs.
    """

    rows: Integers
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    numbers: NDArray[np.int32]
    removed: bool

    def table(self, doc_ids: pa.StringArray, rows: Integers) -> pa.RecordBatch:
        """Rows of `tables.PARAGRAPHS` for some texts of all those with these ids."""
        chosen = np.isin(self.rows, rows)
        names = doc_ids.take(pa.array(self.rows[chosen]))
        places = [self.starts, self.ends, self.numbers]
        flags = pa.array(np.full(int(chosen.sum()), self.removed))
        columns = [names, *(pa.array(column[chosen]) for column in places), flags]
        return pa.RecordBatch.from_arrays(columns, schema=PARAGRAPHS)


def boilerplate_cuts(view: View, dedup: DedupConfig, boilerplate: Boilerplate) -> Cuts:
    """Find boilerplate in the source texts of a batch.

    Returns what is to be cut out, nothing if it is only listed; the note is `Trimmed`.
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


def cut_paragraphs(found: Paragraphs, chosen: Integers) -> Cuts:
    """Tell what is to be taken out of texts so that some of their paragraphs are gone.

    A paragraph goes with its whole lines and the border after it; from the end of a
    text it goes with the border before it. So no empty paragraphs pile up, and what
    stays keeps its indentation and the line end that closes the text.

    `found` are all paragraphs of the texts, `chosen` (m,) those that go, ascending.
    Returns a part each, in the same order; where all paragraphs of a text go, white
    space at its ends may be left.
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

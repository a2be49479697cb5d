"""What can be judged in a run, as tables of places without any text.

Each row is a place in the source text of a document: `doc_id`, `start`, `end` and
`label`, which statistics are told by. Further columns are evidence, but these:

- `value`: a key that is the same for equal values, so that they can be counted;
- `near`: how far it lies from the threshold that decided, ascending from 0; null where
  that is not known, or where another place of the same value stands for it;
- `beside`, `beside_in` and `beside_at`: the document to be seen next to it, and run_id
  and folder of the earlier run that holds it. Both are null for a document of this run,
  the folder alone where that run is not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.review.outside import outside_cases
from isinglass.pipelines.stages import STAGES
from isinglass.schemas.reasons import Outcome
from isinglass.transforms.draws import place_draws, salt

if TYPE_CHECKING:
    from collections.abc import Callable

    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.schemas.marks import Kind

PLACE = ("doc_id", "start", "end", "label")
SPECIAL = ("value", "near", "beside", "beside_in", "beside_at")
PASSAGE = 2_000
"""Code points of a passage of a kept text."""

DRAW = "draw"


def units(run: RunFolder, kind: Kind) -> Iterator[pa.Table]:
    """All places of a kind, some at a time."""
    if kind == "kept":
        yield from _passages(run)
        return
    for stage in STAGES:
        yield from stage.cases(run, kind)
    if kind == "filter":
        yield from outside_cases(run)


def _passages(run: RunFolder) -> Iterator[pa.Table]:
    """Kept texts in passages of equal length; the last of a text may be shorter."""
    for _, ledger in run.each_ledger(["doc_id", "outcome", "chars_in"]):
        kept = ledger.filter(pc.equal(ledger["outcome"], Outcome.KEPT.value))
        length = kept["chars_in"].to_numpy().astype(np.int64)
        count = np.maximum(-(-length // PASSAGE), 1)
        rows = np.repeat(np.arange(len(count)), count)
        first = np.repeat(np.cumsum(count) - count, count)
        start = (np.arange(len(rows)) - first) * PASSAGE
        yield pa.table(
            {
                "doc_id": kept["doc_id"].take(pa.array(rows)),
                "start": pa.array(start, pa.int64()),
                "end": pa.array(np.minimum(start + PASSAGE, length[rows]), pa.int64()),
                "label": pa.array([""] * len(rows), pa.string()),
            }
        )


def drawn(table: pa.Table, kind: Kind, seed_of: Callable[[str], int]) -> pa.Table:
    """The table with the number by which each place is drawn.

    `seed_of` tells the seed of a label.
    """
    labels = table["label"].combine_chunks().dictionary_encode()
    names = labels.dictionary.to_pylist()
    salts = np.array([salt(kind, name, seed_of(name)) for name in names], np.uint64)
    codes = labels.indices.to_numpy(zero_copy_only=False)
    doc_ids = table["doc_id"].combine_chunks()
    starts = table["start"].to_numpy().astype(np.int64)
    keys = salts[codes] if len(names) else np.zeros(0, np.uint64)
    return table.append_column(DRAW, pa.array(place_draws(doc_ids, starts, keys)))


def first_of_each(
    table: pa.Table, column: str, count: int, ties: Sequence[str] = ("doc_id", "start")
) -> pa.Table:
    """The rows of each label that come first by a column: so many, in that order."""
    order = [(name, "ascending") for name in ("label", column, *ties)]
    table = table.sort_by(order)
    labels = table["label"].combine_chunks().dictionary_encode()
    codes = labels.indices.to_numpy(zero_copy_only=False)
    if not len(codes):
        return table
    begins = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    lengths = np.diff(np.r_[begins, len(codes)])
    rank = np.arange(len(codes)) - np.repeat(begins, lengths)
    return table.filter(pa.array(rank < count))

"""Deduplication group by group: documents that candidate pairs lead to are together.

What is decided about a document depends on no document outside of its group, so that
groups can be decided apart, and as the whole would be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.config import DedupConfig
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.schemas.reasons import DUPLICATE_REASONS
from isinglass.transforms.batches import one_batch
from isinglass.transforms.dedup.packed import GROUPS
from isinglass.transforms.dedup.whole import Texts, deduplicate
from isinglass.transforms.read.identity import doc_id_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

REMOVED = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("kept_doc_id", pa.string(), nullable=False),
        pa.field("similarity", pa.float64(), nullable=False),
    ]
)
"""Documents that go, each with the one that stays for it and their similarity."""

_READ = ["doc_id", "text", "collected_at"]
_OF_RUNS = ("containment", "against", "max_removed", "paragraphs", "repeats")


def check_section(dedup: DedupConfig) -> None:
    """Refuse what cannot be decided group by group.

    Raises:
        ConfigError: Names the key.
    """
    default = DedupConfig()
    asked = [n for n in _OF_RUNS if getattr(dedup, n) != getattr(default, n)]
    if asked:
        raise ConfigError(
            f"dedup.{asked[0]}: only `isinglass run` can do this; leave it out here"
        )
    if dedup.keep == "first":
        raise ConfigError(
            "dedup.keep: documents of a PCollection have no order; take longest or "
            "newest instead of first"
        )


def survey(documents: pa.RecordBatch, dedup: DedupConfig) -> pa.RecordBatch:
    """What duplicates of a batch of documents are found by; no text."""
    return _texts(documents).survey(dedup)


def _texts(documents: pa.RecordBatch) -> Texts:
    ids, texts, dates = (documents.column(name) for name in _READ)
    return Texts(texts, doc_id_words(ids), dates)


def split(
    documents: pa.RecordBatch, groups: Sequence[pa.RecordBatch]
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield each group (`packed.GROUPS`) that a batch has documents of, and these."""
    table = pa.Table.from_batches(groups, schema=GROUPS)
    place = pc.index_in(documents.column("doc_id"), value_set=table["doc_id"])
    mine = one_batch(table.take(place.drop_null()))
    chosen = documents.filter(place.is_valid()).select(_READ)
    for group in mine.column("group").unique():
        own = pc.equal(mine.column("group"), group)
        yield group.as_py(), chosen.filter(own)


def decide_group(
    batches: Iterable[pa.RecordBatch], dedup: DedupConfig
) -> pa.RecordBatch:
    """Compare the documents of a group exactly, and decide which of them go.

    Args:
        batches: Documents from `split`, in any order.
        dedup: The `dedup` section.

    Returns:
        `REMOVED`, by doc_id.

    Raises:
        InputError: Two documents have one doc_id.
    """
    table = pa.Table.from_batches(batches).sort_by("doc_id")
    ids = table["doc_id"].combine_chunks()
    twice = np.flatnonzero(pc.equal(ids[1:], ids[:-1]))
    if len(twice):
        raise InputError(
            f"doc_id {ids[int(twice[0])]} stands for two documents; give each one of "
            "its own, since one of them could not be removed without the other"
        )
    decided = deduplicate([_texts(one) for one in table.to_batches()], dedup)
    gone = np.flatnonzero(decided.fate)
    reasons = pa.array([str(reason) for reason in DUPLICATE_REASONS])
    columns = [
        ids.take(pa.array(gone)),
        reasons.take(pa.array(decided.fate[gone] - 1)),
        ids.take(pa.array(decided.kept[gone])),
        pa.array(decided.similarity[gone]),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=REMOVED)


def without(
    documents: pa.RecordBatch, removed: Sequence[pa.RecordBatch]
) -> pa.RecordBatch:
    """The documents of a batch that stay; `removed` are batches of `REMOVED`."""
    gone = pa.Table.from_batches(removed, schema=REMOVED)["doc_id"]
    return documents.filter(pc.invert(pc.is_in(documents.column("doc_id"), gone)))

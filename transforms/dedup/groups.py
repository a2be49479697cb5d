"""Deduplication group by group: documents that candidate pairs lead to are together.

Hashes of documents travel packed into bytes to those that share them; the pairs are
connected to groups. What is decided about a document depends on no document outside of
its group, so that groups can be decided apart, and as the whole would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from isinglass.schemas.config import DedupConfig
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.schemas.reasons import DUPLICATE_REASONS
from isinglass.transforms.batches import one_batch
from isinglass.transforms.dedup.candidates import candidate_pairs
from isinglass.transforms.dedup.shingles import NO_UNIT
from isinglass.transforms.dedup.whole import Texts, deduplicate
from isinglass.transforms.read.identity import doc_id_words, format_doc_ids

_ID = pa.field("doc_id", pa.string(), nullable=False)
CANDIDATES = pa.schema([_ID, _ID.with_name("other_doc_id")])
"""A pair that shares a hash; `other_doc_id` is the one that would rather be kept."""

GROUPS = pa.schema([_ID, _ID.with_name("group")])
"""The group of a document: the smallest doc_id that pairs lead to."""

_ENTRY = np.dtype(
    [("key", "<u8"), ("high", "<u8"), ("low", "<u8"), ("characters", "<i8")]
)

REMOVED = pa.schema(
    [
        _ID,
        _ID.with_name("reason"),
        _ID.with_name("kept_doc_id"),
        pa.field("similarity", pa.float64(), nullable=False),
    ]
)
"""Documents that go, each with the one that stays for it and their similarity."""

_READ = ["doc_id", "text", "collected_at"]
_OF_RUNS = ("containment", "against", "max_removed", "paragraphs", "repeats")


def check_section(dedup: DedupConfig) -> None:
    """Refuse what cannot be decided group by group.

    The `ConfigError` names the key.
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


def pack(
    survey: pa.RecordBatch, buckets: int, *, exact: bool = False
) -> Iterator[tuple[int, bytes]]:
    """Pack the band hashes of surveyed documents, by bucket of the hash.

    With `exact` the hashes of the whole texts (`hash_high`), too.
    """
    bands = [name for name in survey.schema.names if name.startswith("band_")]
    parts = []
    if bands:
        shingled = survey.filter(pc.not_equal(survey.column("unit"), NO_UNIT))
        parts = [_entries(shingled, name) for name in bands]
    if exact:
        parts.append(_entries(survey, "hash_high"))
    entries = np.concatenate([np.empty(0, _ENTRY), *parts])
    bucket = (entries["key"] >> np.uint64(32)) % np.uint64(buckets)
    for number in np.unique(bucket):
        yield int(number), entries[bucket == number].tobytes()


def _entries(survey: pa.RecordBatch, key: str) -> NDArray[np.void]:
    entries = np.empty(survey.num_rows, dtype=_ENTRY)
    columns = (key, "doc_high", "doc_low", "characters")
    for name, source in zip(_ENTRY.names or (), columns, strict=True):
        entries[name] = survey.column(source).to_numpy()
    return entries


def pair_up(blobs: Iterable[bytes]) -> Iterator[pa.RecordBatch]:
    """Pair the documents of one bucket from `pack` that share a hash (`CANDIDATES`)."""
    entries = np.frombuffer(b"".join(sorted(blobs)), dtype=_ENTRY)
    # Longest first, then smallest doc_id: the order in which documents are kept.
    documents, inverse = np.unique(
        entries[["high", "low", "characters"]], return_inverse=True
    )
    order = np.lexsort((documents["low"], documents["high"], -documents["characters"]))
    rank = np.empty(len(order), dtype=np.uint32)
    rank[order] = np.arange(len(order), dtype=np.uint32)
    pairs = candidate_pairs(
        np.ascontiguousarray(entries["key"]), rank[inverse.reshape(-1)]
    )
    if len(pairs) == 0:
        return
    words = np.stack([documents["high"][order], documents["low"][order]], axis=1)
    ids = format_doc_ids(words)
    columns = [ids.take(pa.array(pairs[:, 1])), ids.take(pa.array(pairs[:, 0]))]
    yield pa.RecordBatch.from_arrays(columns, schema=CANDIDATES)


def connect(pairs: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    """Gather documents that pairs lead to from one to the other: `GROUPS`, by doc_id.

    The pairs (`CANDIDATES`) may come in any order and any number of times.
    """
    table = pa.Table.from_batches(pairs, schema=CANDIDATES)
    both = pa.chunked_array(
        [*table["doc_id"].chunks, *table["other_doc_id"].chunks], pa.string()
    )
    ids = both.unique().sort()
    ends = [
        pc.index_in(table[name], value_set=ids).to_numpy()
        for name in table.schema.names
    ]
    joined = coo_array((np.ones(len(table), np.int8), ends), shape=(len(ids),) * 2)
    _, labels = connected_components(joined, directed=False)
    _, firsts = np.unique(labels, return_index=True)
    groups = ids.take(pa.array(firsts[labels]))
    return pa.RecordBatch.from_arrays([ids, groups], schema=GROUPS)


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

    Takes documents from `split`, in any order; returns `REMOVED`, by doc_id.

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

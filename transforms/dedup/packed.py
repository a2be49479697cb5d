"""Documents on their way to those that they share a hash with, packed into bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from isinglass.transforms.dedup.candidates import candidate_pairs
from isinglass.transforms.dedup.shingles import NO_UNIT
from isinglass.transforms.read.identity import format_doc_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

CANDIDATES = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("other_doc_id", pa.string(), nullable=False),
    ]
)
"""A pair that shares a hash; `other_doc_id` is the one that would rather be kept."""

GROUPS = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("group", pa.string(), nullable=False),
    ]
)
"""The group of a document: the smallest doc_id that pairs lead to."""

_ENTRY = np.dtype(
    [("key", "<u8"), ("high", "<u8"), ("low", "<u8"), ("characters", "<i8")]
)


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

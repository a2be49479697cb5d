"""The documents of all clusters, and what is counted in them.

Only kept documents have vectors. A document that was removed as a duplicate counts
before cleaning in the cluster of the document that was kept for it. What was removed
for other reasons, or set aside, is in no cluster, and is counted by its reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.tables import CLUSTER_SHARES
from isinglass.transforms.batches import one_batch
from isinglass.transforms.semantic.hashing import as_strings, id_bytes
from isinglass.transforms.semantic.vectors import DECIMALS


@dataclass(frozen=True, eq=False)
class Assigned:
    """Documents that have a cluster, by ascending id; 41 bytes a document.

    Attributes:
        ids: As `id_bytes` gives them.
        clusters: int32 (n,).
        similarity: float32 (n,), cosine to the centroid.
        near: bool (n,), near-duplicates of another document.
    """

    ids: NDArray[np.bytes_]
    clusters: NDArray[np.int32]
    similarity: NDArray[np.float32]
    near: NDArray[np.bool_]

    @classmethod
    def of(cls, tables: Iterable[pa.Table]) -> Assigned:
        """The documents of some tables of `clusters/`, at least one."""
        parts = [
            (
                id_bytes(rows.column("doc_id")),
                rows.column("cluster").to_numpy(),
                rows.column("similarity").to_numpy(),
                ~np.asarray(rows.column("near_duplicate_of").is_null()),
            )
            for rows in map(one_batch, tables)
        ]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return cls(*(column[order] for column in columns))


def list_clusters(documents: Assigned, clusters: int) -> pa.Table:
    """Size, near-duplicates and medoid of each cluster.

    The medoid is the document nearest to the centroid, the one to read to know the
    cluster; of equally near ones, to 6 decimals, that of the smallest id. Returns the
    first five columns of `tables.CLUSTER_LIST`; a cluster of no document has no medoid.
    """
    labels = documents.clusters
    rounded = np.round(documents.similarity.astype(np.float64), DECIMALS)
    order = np.lexsort((-rounded, labels))
    first = order[np.flatnonzero(np.diff(labels[order], prepend=-1))]
    ids, similarity = np.zeros(clusters, "S32"), np.full(clusters, np.nan)
    ids[labels[first]] = documents.ids[first]
    similarity[labels[first]] = rounded[first]
    near = np.bincount(labels[documents.near], minlength=clusters)
    return pa.table(
        {
            "cluster": pa.array(np.arange(clusters, dtype=np.int32)),
            "documents": pa.array(np.bincount(labels, minlength=clusters)),
            "near_duplicates": pa.array(near),
            "medoid_doc_id": as_strings(ids),
            "medoid_similarity": pa.array(similarity, from_pandas=True),
        }
    )


LEDGER_COLUMNS = ["doc_id", "outcome", "reason", "kept_doc_id", "chars_in", "chars_out"]
"""What is read of the ledger."""

NOT_IN_RUN = "kept_elsewhere"
"""Reason of a duplicate whose kept document is that of an earlier run."""

_KEYS, _SUMS = CLUSTER_SHARES.names[:4], CLUSTER_SHARES.names[4:]


def cluster_shares(
    ledger: pa.Table,
    documents: Assigned,
    sources: pa.StringArray,
    languages: pa.StringArray,
) -> pa.Table:
    """Counts of a shard by cluster or reason, source and language.

    A `reason` is given for what is in no cluster: the reason, or else the outcome, of
    the document where the chain of kept ones ends.

    `ledger` has the `LEDGER_COLUMNS` of the shard; a `kept_doc_id` names a document
    that was kept, in any shard. `documents` are those of all shards that have a
    cluster. Sources and languages are safe labels, one a row of the ledger, null where
    unknown. Returns `CLUSTER_SHARES`, sorted by its first four columns; the documents
    before cleaning sum to the ledger's rows.
    """
    kept_for = ledger["kept_doc_id"].combine_chunks()
    ends = id_bytes(pc.coalesce(kept_for, ledger["doc_id"].combine_chunks()))
    places = np.searchsorted(documents.ids, ends)
    known = places < len(documents.ids)
    known[known] = documents.ids[places[known]] == ends[known]
    numbers = np.zeros(len(known), np.int32)
    numbers[known] = documents.clusters[places[known]]
    stays = pc.equal(ledger["outcome"], "kept").combine_chunks()
    after = stays.to_numpy(zero_copy_only=False)
    why = pc.coalesce(ledger["reason"], ledger["outcome"]).combine_chunks()
    why = pc.if_else(pc.is_valid(kept_for), pa.scalar(NOT_IN_RUN), why)
    chars_in = ledger["chars_in"].combine_chunks().fill_null(0)
    chars_out = ledger["chars_out"].combine_chunks().fill_null(0)
    rows = pa.table(
        {
            "cluster": pa.array(numbers, mask=~known),
            "reason": pc.if_else(pa.array(known), pa.scalar(None, pa.string()), why),
            "source": sources,
            "language": languages,
            "documents_before": pa.array(np.ones(len(known), np.int64)),
            "characters_before": chars_in,
            "documents_after": pa.array(after.astype(np.int64)),
            "characters_after": pc.if_else(stays, chars_out, 0),
        },
        schema=CLUSTER_SHARES,
    )
    return merge_shares([rows])


def merge_shares(tables: list[pa.Table]) -> pa.Table:
    """At least one table, with what has the same first four columns added up."""
    grouped = pa.concat_tables(tables).group_by(_KEYS, use_threads=False)
    summed = grouped.aggregate([(name, "sum") for name in _SUMS])
    named = summed.rename_columns({f"{name}_sum": name for name in _SUMS})
    order = [(name, "ascending") for name in _KEYS]
    return named.select(CLUSTER_SHARES.names).sort_by(order).cast(CLUSTER_SHARES)

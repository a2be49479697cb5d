"""Documents and characters of each cluster before and after cleaning.

Only kept documents have vectors. A document that was removed as a duplicate counts
before cleaning in the cluster of the document that was kept for it. What was removed
for other reasons, or set aside, is in no cluster, and is counted by its reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.transforms.semantic.hashing import id_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARES = pa.schema(
    [
        pa.field("cluster", pa.int32()),
        pa.field("reason", pa.string()),
        pa.field("source", pa.string()),
        pa.field("language", pa.string()),
        pa.field("documents_before", pa.int64()),
        pa.field("characters_before", pa.int64()),
        pa.field("documents_after", pa.int64()),
        pa.field("characters_after", pa.int64()),
    ]
)
"""`cluster` is null for what is in none. `reason` then says why: the reason, or else
the outcome, of the document where the chain of kept ones ends."""

NOT_IN_RUN = "kept_elsewhere"
"""Reason of a duplicate whose kept document is that of an earlier run."""

_KEYS = ("cluster", "reason", "source", "language")
_SUMS = (
    "documents_before",
    "characters_before",
    "documents_after",
    "characters_after",
)


def cluster_shares(
    ledger: pa.Table,
    kept_ids: NDArray[np.bytes_],
    clusters: NDArray[np.int32],
    sources: pa.StringArray,
    languages: pa.StringArray,
) -> pa.Table:
    """Counts of a shard by cluster or reason, source and language.

    Args:
        ledger: Of the shard: doc_id, outcome, reason, kept_doc_id, chars_in, chars_out.
            A `kept_doc_id` names a document that was kept, in any shard.
        kept_ids: Documents of all shards that have a cluster, as `id_bytes` gives them,
            sorted.
        clusters: Shape (len(kept_ids),).
        sources: As many as the ledger has rows; safe labels, null where unknown.
        languages: As many.

    Returns:
        Table with the schema `SHARES`, sorted by its first four columns. The documents
        before cleaning sum to the ledger's rows.
    """
    kept_for = ledger["kept_doc_id"].combine_chunks()
    ends = id_bytes(pc.coalesce(kept_for, ledger["doc_id"].combine_chunks()))
    places = np.searchsorted(kept_ids, ends)
    known = places < len(kept_ids)
    known[known] = kept_ids[places[known]] == ends[known]
    numbers = np.zeros(len(known), np.int32)
    numbers[known] = clusters[places[known]]
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
        schema=SHARES,
    )
    return merge_shares([rows])


def merge_shares(tables: list[pa.Table]) -> pa.Table:
    """Counts of equal clusters, reasons, sources and languages added up.

    Args:
        tables: At least one, with the schema `SHARES`.
    """
    grouped = pa.concat_tables(tables).group_by(list(_KEYS), use_threads=False)
    summed = grouped.aggregate([(name, "sum") for name in _SUMS])
    named = summed.rename_columns({f"{name}_sum": name for name in _SUMS})
    order = [(name, "ascending") for name in _KEYS]
    return named.select(SHARES.names).sort_by(order).cast(SHARES)

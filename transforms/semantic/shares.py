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

from isinglass.schemas.tables import CLUSTER_SHARES
from isinglass.transforms.semantic.hashing import id_bytes

if TYPE_CHECKING:
    from isinglass.transforms.semantic.assigned import Assigned

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

    Args:
        ledger: `LEDGER_COLUMNS` of the shard. A `kept_doc_id` names a document that was
            kept, in any shard.
        documents: Those of all shards that have a cluster.
        sources: As many as the ledger has rows; safe labels, null where unknown.
        languages: As many.

    Returns:
        Table with the schema `CLUSTER_SHARES`, sorted by its first four columns. The
        documents before cleaning sum to the ledger's rows.
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

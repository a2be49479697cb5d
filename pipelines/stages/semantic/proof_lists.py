"""The lists of clusters in `audit/`, made again from `clusters/` and the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import read_table
from isinglass.transforms.semantic.hashing import id_bytes
from isinglass.transforms.semantic.shares import cluster_shares, merge_shares
from isinglass.transforms.semantic.vectors import DECIMALS

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun

_LEDGER = ["doc_id", "outcome", "reason", "kept_doc_id", "chars_in", "chars_out"]
_KEYS = ["cluster", "reason"]
_SUMS = (
    "documents_before",
    "characters_before",
    "documents_after",
    "characters_after",
)


def list_faults(run: FinishedRun, every: pa.Table) -> list[str]:
    """What the lists, or the manifest, say that the rows do not bear out.

    Args:
        run: The run.
        every: All rows of `clusters/`.
    """
    listed = read_table(run.folder / "audit" / "clusters.parquet")
    shares = read_table(run.folder / "audit" / "cluster_shares.parquet")
    faults = []
    if not _same_near(every, listed):
        faults.append("audit/clusters and clusters/ count different near-duplicates")
    if not _medoids_hold(every, listed):
        faults.append("audit/clusters names a medoid that is not the most typical")
    if not _one_cluster(every):
        faults.append("a near-duplicate is in another cluster than what it is near")
    if not _summed(shares).equals(_summed(_shares_again(run, every))):
        faults.append("audit/cluster_shares is not what clusters/ and ledger/ give")
    without = _summed(shares).filter(pc.is_null(_summed(shares)["cluster"]))
    told = run.manifest.semantic
    own = dict(
        zip(
            without["reason"].to_pylist(),
            without["documents_before"].to_pylist(),
            strict=True,
        )
    )
    if told is not None and told.without_cluster != own:
        faults.append("manifest and audit/cluster_shares miss different documents")
    return faults


def _same_near(every: pa.Table, listed: pa.Table) -> bool:
    marked = every.filter(pc.is_valid(every["near_duplicate_of"]))
    counted = np.bincount(marked["cluster"].to_numpy(), minlength=listed.num_rows)
    return np.array_equal(counted, listed["near_duplicates"].to_numpy())


def _medoids_hold(every: pa.Table, listed: pa.Table) -> bool:
    """Each medoid is of its cluster, and none there is more similar to the centre."""
    clusters = every["cluster"].to_numpy()
    similarity = every["similarity"].to_numpy().astype(np.float64)
    rounded = np.round(similarity, DECIMALS)
    most = np.full(listed.num_rows, -np.inf)
    np.maximum.at(most, clusters, rounded)
    rows = pc.index_in(listed["medoid_doc_id"], every["doc_id"])
    known = rows.is_valid().to_numpy()
    if not np.array_equal(known, np.isfinite(most)):
        return False
    places = rows.drop_null().to_numpy()
    told = listed["medoid_similarity"].to_numpy()[known]
    return (
        np.array_equal(clusters[places], np.flatnonzero(known))
        and np.array_equal(rounded[places], most[known])
        and np.array_equal(told, most[known])
    )


def _one_cluster(every: pa.Table) -> bool:
    marked = every.filter(pc.is_valid(every["near_duplicate_of"]))
    leaders = pc.index_in(marked["near_duplicate_of"], every["doc_id"])
    known = pc.is_valid(leaders)
    theirs = every["cluster"].take(leaders.filter(known))
    return bool(marked["cluster"].filter(known).equals(theirs))


def _shares_again(run: FinishedRun, every: pa.Table) -> pa.Table:
    """Without sources and languages, which only the survey knows of dropped records."""
    ids = id_bytes(every["doc_id"].combine_chunks())
    order = np.argsort(ids, kind="stable")
    clusters = every["cluster"].to_numpy()[order]
    parts = []
    for _, ledger in run.each("ledger", _LEDGER):
        nothing = pa.nulls(ledger.num_rows, pa.string())
        parts.append(cluster_shares(ledger, ids[order], clusters, nothing, nothing))
    return merge_shares(parts)


def _summed(shares: pa.Table) -> pa.Table:
    groups = shares.group_by(_KEYS, use_threads=False)
    summed = groups.aggregate([(name, "sum") for name in _SUMS])
    renamed = summed.rename_columns({f"{name}_sum": name for name in _SUMS})
    ordered = renamed.select([*_KEYS, *_SUMS]).sort_by(
        [(name, "ascending") for name in _KEYS]
    )
    return ordered.combine_chunks()

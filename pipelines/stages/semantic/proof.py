"""Clusters, and near-duplicates in meaning, against the vectors they are of."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.pipelines.engine.workspace import Workspace, read_table
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.stage import Written
from isinglass.pipelines.stages.encode.proof import encodes
from isinglass.pipelines.stages.encode.proof_vectors import follows
from isinglass.pipelines.stages.semantic.vectors import shard_vectors
from isinglass.schemas.tables import CLUSTER_LIST, CLUSTER_SHARES, CLUSTERS
from isinglass.transforms.semantic.assigned import (
    LEDGER_COLUMNS,
    Assigned,
    cluster_shares,
    list_clusters,
    merge_shares,
)

COSINE_TOLERANCE = 2e-6
MOST_PAIRS = 20_000
"""Near-duplicates in meaning whose cosine is computed again, evenly spread."""

_LISTS = {
    "audit/clusters.parquet": CLUSTER_LIST,
    "audit/cluster_shares.parquet": CLUSTER_SHARES,
}


def written(run: FinishedRun) -> Written:
    """The cluster of each document; two lists, if there are shards at all."""
    encode = run.config.encode
    if encode is None or encode.semantic is None or not encodes(run):
        return Written()
    lists = _LISTS if run.shards() else {}
    return Written({"clusters/{shard}.parquet": CLUSTERS, **lists})


def prove(run: FinishedRun) -> list[Check]:
    """Rows follow `data/`; lists, sums and cosines are those of the rows."""
    paths, summary = run.paths("clusters"), run.manifest.semantic
    if not paths:
        return []
    if summary is None:
        return [conclude("clusters", ["the manifest tells of none"], "")]
    faults = [
        f"clusters/{path.stem} does not follow data/{path.stem}"
        for path in paths
        if not follows(run, path)
    ]
    every = pa.concat_tables([read_table(path) for path in paths])
    clusters = every["cluster"].to_numpy()
    if len(clusters) and not 0 <= clusters.min() <= clusters.max() < summary.clusters:
        why = "a document is in no cluster there is"
        return [conclude("clusters", [why], "")]
    documents = Assigned.of([every])
    near = int(np.count_nonzero(documents.near))
    if (every.num_rows, near) != (summary.documents, summary.near_duplicates):
        faults.append("manifest and clusters/ count different documents")
    again = list_clusters(documents, summary.clusters)
    listed = read_table(run.folder / "audit" / "clusters.parquet")
    faults += [
        f"audit/clusters has another {name} than clusters/"
        for name in again.column_names
        if not listed[name].equals(again[name])
    ]
    faults += _share_faults(run, documents)
    faults += _near_faults(run, every, summary.threshold)
    said = f"{every.num_rows:,} documents, {near:,} near another in meaning"
    return [conclude("clusters", faults, said)]


def _share_faults(run: FinishedRun, documents: Assigned) -> list[str]:
    """What the shares, or the manifest, say that rows and ledger do not bear out."""
    told = read_table(run.folder / "audit" / "cluster_shares.parquet")
    parts = []
    for _, ledger in run.each("ledger", LEDGER_COLUMNS):
        nothing = pa.nulls(ledger.num_rows, pa.string())
        parts.append(cluster_shares(ledger, documents, nothing, nothing))
    # Sources and languages of dropped records are known to the survey alone.
    nothing = pa.nulls(told.num_rows, pa.string())
    for place, name in ((2, "source"), (3, "language")):
        told = told.set_column(place, name, nothing)
    again, told = merge_shares(parts), merge_shares([told])
    faults = []
    if not told.equals(again):
        faults.append("audit/cluster_shares is not what clusters/ and ledger/ give")
    summary, records = run.manifest.semantic, run.manifest.records
    lost = again.filter(pc.is_null(again["cluster"])).to_pylist()
    without = {row["reason"]: row["documents_before"] for row in lost}
    if summary is not None and summary.without_cluster != without:
        faults.append("manifest and audit/cluster_shares miss different documents")
    columns = (again["documents_before"], again["documents_after"])
    sums = [pc.sum(column).as_py() or 0 for column in columns]
    if sums != [records.total_in, records.kept]:
        faults.append("manifest and audit/cluster_shares count different documents")
    return faults


def _near_faults(run: FinishedRun, every: pa.Table, threshold: float) -> list[str]:
    near = every.filter(pc.is_valid(every["near_duplicate_of"]))
    if near.num_rows == 0:
        return []
    faults = []
    leaders = pc.index_in(near["near_duplicate_of"], every["doc_id"])
    theirs = every["cluster"].take(leaders)
    if pc.any(pc.not_equal(near["cluster"], theirs)).as_py():
        faults.append("a near-duplicate is in another cluster than what it is near")
    rows = np.unique(np.linspace(0, near.num_rows - 1, MOST_PAIRS).astype(np.int64))
    near = near.take(pa.array(rows))
    wanted = pc.unique(
        pa.chunked_array(
            [*near["doc_id"].chunks, *near["near_duplicate_of"].chunks], pa.string()
        )
    )
    ids, matrix = _vectors_of(run, wanted)
    first = pc.index_in(near["doc_id"], ids).combine_chunks()
    second = pc.index_in(near["near_duplicate_of"], ids).combine_chunks()
    if first.null_count or second.null_count:
        return [*faults, "a near-duplicate names a document that was not kept"]
    left, right = (matrix[rows.to_numpy()] for rows in (first, second))
    cosines = np.einsum("ij,ij->i", left, right, dtype=np.float64)
    told = near["near_duplicate_cosine"].to_numpy()
    if np.abs(cosines - told).max() > COSINE_TOLERANCE:
        faults.append("a cosine of near-duplicates is not that of their vectors")
    if told.min() < threshold:
        faults.append(f"a near-duplicate has a cosine of {told.min():.6f}")
    if pc.any(pc.equal(near["doc_id"], near["near_duplicate_of"])).as_py():
        faults.append("a document is called a near-duplicate of itself")
    return faults


def _vectors_of(
    run: FinishedRun, wanted: pa.StringArray
) -> tuple[pa.StringArray, NDArray[np.float32]]:
    workspace = Workspace(str(run.folder))
    ids, rows = [], []
    for path in run.paths("embeddings"):
        doc_ids, matrix = shard_vectors(workspace, path.stem)
        chosen = pc.is_in(doc_ids, wanted)
        ids.append(doc_ids.filter(chosen))
        rows.append(matrix[chosen.to_numpy(zero_copy_only=False)])
    return pa.concat_arrays(ids), np.concatenate(rows)

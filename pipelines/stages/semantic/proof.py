"""Clusters, and near-duplicates in meaning, against the vectors they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import Workspace, read_table
from isinglass.pipelines.proof.check import conclude
from isinglass.pipelines.stage import Written
from isinglass.pipelines.stages.encode.proof import encodes
from isinglass.pipelines.stages.encode.proof_vectors import follows
from isinglass.pipelines.stages.semantic.proof_lists import list_faults
from isinglass.pipelines.stages.semantic.vectors import shard_vectors
from isinglass.schemas.tables import CLUSTER_LIST, CLUSTER_SHARES, CLUSTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.pipelines.proof.check import Check, FinishedRun

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
    """The clusters, if there are any."""
    return [check_clusters(run)] if run.paths("clusters") else []


def check_clusters(run: FinishedRun) -> Check:
    """Rows follow `data/`, sums and cosines are those told."""
    summary = run.manifest.semantic
    tables = [read_table(path) for path in run.paths("clusters")]
    if summary is None or not tables:
        return conclude("clusters", ["the manifest tells of none"], "")
    faults = [
        f"clusters/{path.stem} does not follow data/{path.stem}"
        for path in run.paths("clusters")
        if not follows(run, path)
    ]
    every = pa.concat_tables(tables)
    known = pc.and_(
        pc.greater_equal(every["cluster"], 0),
        pc.less(every["cluster"], summary.clusters),
    )
    if not pc.all(known, min_count=0).as_py():
        return conclude("clusters", ["a document is in no cluster there is"], "")
    marked = every.num_rows - every["near_duplicate_of"].null_count
    sizes = np.bincount(every["cluster"].to_numpy(), minlength=summary.clusters)
    listed = read_table(run.folder / "audit" / "clusters.parquet")
    shares = read_table(run.folder / "audit" / "cluster_shares.parquet")
    after = pc.sum(shares["documents_after"]).as_py() or 0
    before = pc.sum(shares["documents_before"]).as_py() or 0
    told = {
        "documents": (every.num_rows, summary.documents),
        "near-duplicates": (marked, summary.near_duplicates),
        "clusters": (len(sizes), summary.clusters),
        "documents after cleaning": (after, run.manifest.records.kept),
        "documents before cleaning": (before, run.manifest.records.total_in),
    }
    faults += [f"{what}: {a} is not {b}" for what, (a, b) in told.items() if a != b]
    if not np.array_equal(sizes, listed["documents"].to_numpy()):
        faults.append("audit/clusters and clusters/ count different documents")
    faults += list_faults(run, every)
    faults += _cosine_faults(run, every, summary.threshold)
    said = f"{every.num_rows:,} documents, {marked:,} near another in meaning"
    return conclude("clusters", faults, said)


def _cosine_faults(run: FinishedRun, every: pa.Table, threshold: float) -> list[str]:
    near = every.filter(pc.is_valid(every["near_duplicate_of"]))
    if near.num_rows == 0:
        return []
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
        return ["a near-duplicate names a document that was not kept"]
    left, right = (matrix[rows.to_numpy()] for rows in (first, second))
    cosines = np.einsum("ij,ij->i", left, right, dtype=np.float64)
    told = near["near_duplicate_cosine"].to_numpy()
    faults = []
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
        vectors = shard_vectors(workspace, path.stem)
        chosen = pc.is_in(vectors.doc_ids, wanted)
        ids.append(vectors.doc_ids.filter(chosen))
        rows.append(vectors.matrix[chosen.to_numpy(zero_copy_only=False)])
    return pa.concat_arrays(ids), np.concatenate(rows)

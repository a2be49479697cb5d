"""Documents and vectors of shards, and the clusters that a sample of them makes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.workspace import Workspace, read_array, read_table
from isinglass.schemas.arrays import Integers, Singles
from isinglass.schemas.config.encode import SemanticConfig
from isinglass.transforms.batches import one_batch
from isinglass.transforms.encode.outputs.readers import read_embeddings
from isinglass.transforms.semantic.hashing import draw, id_bytes
from isinglass.transforms.semantic.kmeans import assign, default_clusters, fit
from isinglass.transforms.semantic.vectors import unit_rows

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs

BUCKET_BYTES = 256 * 2**20
"""Vectors that one unit compares with each other, held in memory."""


def shard_ids(workspace: Workspace, shard: str) -> NDArray[np.bytes_]:
    """The documents of a shard, in the order of `data/`."""
    table = read_table(workspace.table("data", shard), ["doc_id"])
    return id_bytes(one_batch(table).column("doc_id"))


def shard_vectors(workspace: Workspace, shard: str) -> tuple[pa.StringArray, Singles]:
    """The documents of a shard of `embeddings/`, and their vectors of unit length.

    Where rows are windows, a document's vector is the mean of theirs.
    """
    doc_ids, matrix = read_embeddings(workspace.table("embeddings", shard))
    ids = pa.concat_arrays([pa.array([], pa.string()), *doc_ids.chunks])
    rows = unit_rows(matrix)
    if len(ids) < 2:  # noqa: PLR2004  (nothing to compare with the row before)
        return ids, rows
    changes = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    starts = np.append(0, np.flatnonzero(changes) + 1)
    if len(starts) == len(ids):
        return ids, rows
    means = np.add.reduceat(rows, starts, axis=0)
    return ids.take(pa.array(starts)), unit_rows(means)


def sampled_vectors(
    workspace: Workspace, shards: Sequence[str], size: int, seed: int
) -> tuple[Integers, Singles, int]:
    """Draw documents of all shards, at least one.

    Returns places of at most `size` documents among those of all shards, and their
    vectors, in an order that the ids alone decide; and how many documents there are.
    """
    ids = np.concatenate([shard_ids(workspace, shard) for shard in shards])
    places = draw(ids, size, seed)
    pieces, start, ascending = [], 0, np.sort(places)
    for shard in shards:
        _, matrix = shard_vectors(workspace, shard)
        stop = start + len(matrix)
        mine = ascending[(ascending >= start) & (ascending < stop)]
        pieces.append(matrix[mine - start])
        start = stop
    vectors = np.concatenate(pieces)[np.searchsorted(ascending, places)]
    return places, vectors, len(ids)


def bucket_count(documents: int, dimensions: int, clusters: int) -> int:
    """Buckets that hold `BUCKET_BYTES` of vectors each, if clusters are alike."""
    size = documents * dimensions * 4
    return max(1, min(-(-size // BUCKET_BYTES), clusters))


FIT = "semantic_fit"


def fit_clusters(
    outputs: UnitOutputs, shard_ids: Sequence[str], config: SemanticConfig, seed: int
) -> dict[str, int]:
    """Write the centroids."""
    workspace = outputs.workspace
    _, centroids, documents = sampled_vectors(workspace, shard_ids, config.sample, seed)
    fitted_on = len(centroids)
    if fitted_on:
        wanted = config.clusters or default_clusters(documents)
        with threadpool_limits(1):
            centroids = fit(centroids, wanted, config.iterations, seed)
    outputs.write_array(_path(workspace), centroids)
    clusters, dimensions = centroids.shape
    return {
        "documents": documents,
        "fitted_on": fitted_on,
        "clusters": clusters,
        "buckets": bucket_count(documents, dimensions, clusters),
    }


def load_centroids(workspace: Workspace) -> Singles:
    """The centroids, float32 (clusters, dimensions), rows of unit length."""
    return read_array(_path(workspace))


def _path(workspace: Workspace) -> Path:
    return workspace.mapped(FIT, "centroids.npy")


ASSIGN = "semantic_assign"
CLUSTERS, SIMILARITY = "clusters", "similarity"
"""Arrays of a shard: cluster of each document and cosine to its centroid."""


def assign_shard(shard: str, outputs: UnitOutputs, buckets: int) -> dict[str, int]:
    """Assign the documents of one shard; clusters are spread over the buckets."""
    workspace = outputs.workspace
    _, matrix = shard_vectors(workspace, shard)
    with threadpool_limits(1):
        clusters, similarity = assign(matrix, load_centroids(workspace))
    outputs.write_array(array_path(workspace, shard, CLUSTERS), clusters)
    outputs.write_array(array_path(workspace, shard, SIMILARITY), similarity)
    for bucket in range(buckets):
        mine = clusters % buckets == bucket
        outputs.write_array(spill_path(workspace, shard, bucket), matrix[mine])
    return {"records_in": len(clusters)}


def array_path(workspace: Workspace, shard: str, kind: str) -> Path:
    """File of one array of a shard."""
    return workspace.mapped(ASSIGN, f"{shard}.{kind}.npy")


def load_array(workspace: Workspace, shard: str, kind: str) -> NDArray[Any]:
    """One array of a shard."""
    return read_array(array_path(workspace, shard, kind))


def spill_path(workspace: Workspace, shard: str, bucket: int) -> Path:
    """File of a shard's vectors in one bucket, in the order of its documents."""
    return workspace.mapped(ASSIGN, f"{shard}.{bucket}.vectors.npy")

"""Clusters of a sample of all vectors, and the cluster of every document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stages.semantic.vectors import (
    bucket_count,
    sampled_vectors,
    shard_vectors,
)
from isinglass.transforms.semantic.kmeans import assign, default_clusters, fit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.schemas.config.encode import SemanticConfig

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


def load_centroids(workspace: Workspace) -> NDArray[np.float32]:
    """The centroids, float32 (clusters, dimensions), rows of unit length."""
    return read_array(_path(workspace))


def _path(workspace: Workspace) -> Path:
    return workspace.side(FIT, "centroids.npy")


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
    return workspace.side(ASSIGN, f"{shard}.{kind}.npy")


def load_array(workspace: Workspace, shard: str, kind: str) -> NDArray[Any]:
    """One array of a shard."""
    return read_array(array_path(workspace, shard, kind))


def spill_path(workspace: Workspace, shard: str, bucket: int) -> Path:
    """File of a shard's vectors in one bucket, in the order of its documents."""
    return workspace.side(ASSIGN, f"{shard}.{bucket}.vectors.npy")

"""Centroids of a sample of all vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stages.semantic.vectors import bucket_count, sampled_vectors
from isinglass.transforms.semantic.kmeans import default_clusters, fit

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

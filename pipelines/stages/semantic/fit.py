"""Centroids of a sample of all vectors."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.passes import run_step
from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stages.semantic.vectors import bucket_count, shard_vectors
from isinglass.transforms.semantic.kmeans import default_clusters, fit
from isinglass.transforms.semantic.sample import SampleFold

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.engine.passes import Session
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config.encode import SemanticConfig

FIT = "semantic_fit"


def fit_clusters(
    session: Session,
    encodes: dict[str, Commit],
    config: SemanticConfig,
    seed: int,
    code: str,
) -> Commit:
    """Fit the clusters, unless that is done already."""
    hashes = [vectors_hash(commit) for commit in encodes.values()]
    identity = [hashes, config.model_dump(), seed, code]
    make = partial(_fit, shard_ids=list(encodes), config=config, seed=seed)
    return run_step(session, FIT, identity, make)


def _fit(
    outputs: UnitOutputs, shard_ids: list[str], config: SemanticConfig, seed: int
) -> dict[str, int]:
    """Write the centroids."""
    fold = SampleFold(config.sample, seed)
    drawn = fold.create()
    for shard_id in shard_ids:
        vectors = shard_vectors(outputs.workspace, shard_id)
        drawn = fold.add(drawn, vectors.doc_ids, vectors.matrix)
    sample = fold.finish(drawn)
    centroids = np.zeros((0, sample.vectors.shape[1]), np.float32)
    if len(sample.ids):
        wanted = config.clusters or default_clusters(sample.documents)
        with threadpool_limits(1):
            centroids = fit(sample.vectors, wanted, config.iterations, seed)
    outputs.write_array(centroids_path(outputs.workspace), centroids)
    clusters, dimensions = centroids.shape
    return {
        "documents": sample.documents,
        "fitted_on": len(sample.ids),
        "clusters": clusters,
        "buckets": bucket_count(sample.documents, dimensions, clusters),
    }


def centroids_path(workspace: Workspace) -> Path:
    """File of the centroids, float32 (clusters, dimensions)."""
    return workspace.side(FIT, "centroids.npy")


def load_centroids(workspace: Workspace) -> NDArray[np.float32]:
    """The centroids, rows of unit length."""
    return read_array(centroids_path(workspace))


def vectors_hash(commit: Commit) -> str:
    """Hash of a shard's `embeddings/`."""
    return next(o.sha256 for o in commit.outputs if o.path.startswith("embeddings/"))

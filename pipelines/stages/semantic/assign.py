"""The cluster of every document, and its vector laid beside those of like clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stages.semantic.fit import load_centroids
from isinglass.pipelines.stages.semantic.vectors import shard_vectors
from isinglass.transforms.semantic.kmeans import assign

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from isinglass.pipelines.engine.commits import UnitOutputs

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

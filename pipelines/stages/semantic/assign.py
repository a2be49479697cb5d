"""The cluster of every document, and its vector laid beside those of like clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stages.semantic.fit import load_centroids, vectors_hash
from isinglass.pipelines.stages.semantic.vectors import shard_vectors
from isinglass.transforms.semantic.hashing import id_bytes
from isinglass.transforms.semantic.kmeans import assign

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.schemas.commit import Commit

ASSIGN = "semantic_assign"
IDS, CLUSTERS, SIMILARITY = "ids", "clusters", "similarity"
"""Arrays of a shard: doc_ids as bytes, cluster and cosine to its centroid."""


@dataclass(frozen=True)
class AssignWork:
    """Work of the assign pass.

    Attributes:
        workspace: The run folder.
        buckets: Parts that the clusters are spread over.
    """

    workspace: Workspace
    buckets: int
    name: str = ASSIGN

    def open(self) -> NDArray[np.float32]:
        """Read the centroids."""
        return load_centroids(self.workspace)

    def run(
        self, state: NDArray[np.float32], payload: str, outputs: UnitOutputs
    ) -> dict[str, int]:
        """Assign the documents of one shard."""
        vectors = shard_vectors(outputs.workspace, payload)
        if len(state):
            with threadpool_limits(1):
                clusters, similarity = assign(vectors.matrix, state)
        else:
            clusters, similarity = np.zeros(0, np.int32), np.zeros(0, np.float32)
        arrays = {
            IDS: id_bytes(vectors.doc_ids),
            CLUSTERS: clusters,
            SIMILARITY: similarity,
        }
        for kind, array in arrays.items():
            outputs.write_array(array_path(outputs.workspace, payload, kind), array)
        for bucket in range(self.buckets):
            path = spill_path(outputs.workspace, payload, bucket)
            mine = clusters % self.buckets == bucket
            outputs.write_array(path, vectors.matrix[mine])
        return {"records_in": len(clusters)}


def assign_units(
    encodes: dict[str, Commit], fitted: Commit, buckets: int, code: str
) -> list[Unit]:
    """One unit a shard; it depends on its vectors and the centroids."""
    centroids = [output.sha256 for output in fitted.outputs]
    return [
        Unit(
            shard_id,
            shard_id,
            digest([vectors_hash(commit), centroids, buckets, code]),
            next(o.bytes for o in commit.outputs if o.path.startswith("embeddings/")),
        )
        for shard_id, commit in encodes.items()
    ]


def array_path(workspace: Workspace, shard_id: str, kind: str) -> Path:
    """File of one array of a shard."""
    return workspace.side(ASSIGN, f"{shard_id}.{kind}.npy")


def load_array(workspace: Workspace, shard_id: str, kind: str) -> NDArray[Any]:
    """One array of a shard."""
    return read_array(array_path(workspace, shard_id, kind))


def spill_path(workspace: Workspace, shard_id: str, bucket: int) -> Path:
    """File of a shard's vectors in one bucket, in the order of its documents."""
    return workspace.side(ASSIGN, f"{shard_id}.{bucket}.vectors.npy")

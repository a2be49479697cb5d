"""The vectors of a shard, one a document, and which bucket a cluster is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.transforms.encode.outputs.readers import read_embeddings
from isinglass.transforms.semantic.vectors import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.pipelines.engine.workspace import Workspace

BUCKET_BYTES = 256 * 2**20
"""Vectors that one unit compares with each other, held in memory."""


@dataclass(frozen=True, eq=False)
class ShardVectors:
    """The documents of a shard with their vectors.

    Attributes:
        doc_ids: One a document, in the order of `data/`.
        matrix: float32 (documents, dimensions), rows of unit length.
    """

    doc_ids: pa.StringArray
    matrix: NDArray[np.float32]


def shard_vectors(workspace: Workspace, shard_id: str) -> ShardVectors:
    """Read a shard of `embeddings/`.

    Where rows are windows, a document's vector is the mean of theirs.
    """
    doc_ids, matrix = read_embeddings(workspace.table("embeddings", shard_id))
    ids = doc_ids.combine_chunks()
    if isinstance(ids, pa.ChunkedArray):  # of no chunks
        ids = pa.array([], pa.string())
    rows = unit_rows(matrix)
    if len(ids) < 2:  # noqa: PLR2004  (nothing to compare with the row before)
        return ShardVectors(ids, rows)
    changes = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    starts = np.append(0, np.flatnonzero(changes) + 1)
    if len(starts) == len(ids):
        return ShardVectors(ids, rows)
    means = np.add.reduceat(rows, starts, axis=0)
    return ShardVectors(ids.take(pa.array(starts)), unit_rows(means))


def bucket_count(documents: int, dimensions: int, clusters: int) -> int:
    """Buckets that hold `BUCKET_BYTES` of vectors each, if clusters are alike."""
    size = documents * dimensions * 4
    return max(1, min(-(-size // BUCKET_BYTES), clusters))

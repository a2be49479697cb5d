"""The document nearest to each centroid: the one to read to know the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.semantic.hashing import id_bytes
from isinglass.transforms.semantic.vectors import DECIMALS

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Medoids:
    """The best document so far of each cluster, and the cluster's size.

    Attributes:
        ids: Shape (k,), 32-byte ids; empty where a cluster has no document.
        similarity: float64 (k,), cosine to the centroid, rounded to 6 decimals; minus
            infinity where there is no document.
        documents: int64 (k,).
    """

    ids: NDArray[np.bytes_]
    similarity: NDArray[np.float64]
    documents: NDArray[np.int64]


def no_medoids(clusters: int) -> Medoids:
    """Medoids of no documents."""
    return Medoids(
        np.zeros(clusters, "S32"),
        np.full(clusters, -np.inf),
        np.zeros(clusters, np.int64),
    )


def add_medoids(
    medoids: Medoids,
    doc_ids: pa.StringArray,
    clusters: NDArray[np.int32],
    similarity: NDArray[np.float32],
) -> Medoids:
    """Return the medoids with a batch added; equal similarities go to the smaller id.

    Args:
        medoids: From `no_medoids`, `add_medoids` or `merge_medoids`.
        doc_ids: Without nulls.
        clusters: Shape (n,), cluster of each.
        similarity: Shape (n,), cosine to its centroid.
    """
    ids = id_bytes(doc_ids)
    rounded = np.round(similarity.astype(np.float64), DECIMALS)
    order = np.lexsort((ids, -rounded, clusters))
    ranked = clusters[order]
    first = order[np.flatnonzero(np.diff(ranked, prepend=-1))]
    batch = no_medoids(len(medoids.ids))
    batch.ids[clusters[first]] = ids[first]
    batch.similarity[clusters[first]] = rounded[first]
    batch.documents[:] = np.bincount(clusters, minlength=len(medoids.ids))
    return merge_medoids(medoids, batch)


def merge_medoids(first: Medoids, second: Medoids) -> Medoids:
    """Return the better ones of both."""
    equal = first.similarity == second.similarity
    better = second.similarity > first.similarity
    better |= equal & (second.ids < first.ids)
    return Medoids(
        np.where(better, second.ids, first.ids),
        np.where(better, second.similarity, first.similarity),
        first.documents + second.documents,
    )

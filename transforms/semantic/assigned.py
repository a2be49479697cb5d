"""The documents of all clusters, and what can be counted in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.transforms.batches import one_batch
from isinglass.transforms.semantic.hashing import as_strings, id_bytes
from isinglass.transforms.semantic.vectors import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Assigned:
    """Documents that have a cluster, by ascending id; 41 bytes a document.

    Attributes:
        ids: As `id_bytes` gives them.
        clusters: int32 (n,).
        similarity: float32 (n,), cosine to the centroid.
        near: bool (n,), near-duplicates of another document.
    """

    ids: NDArray[np.bytes_]
    clusters: NDArray[np.int32]
    similarity: NDArray[np.float32]
    near: NDArray[np.bool_]

    @classmethod
    def of(cls, tables: Iterable[pa.Table]) -> Assigned:
        """The documents of some tables of `clusters/`, at least one."""
        parts = [
            (
                id_bytes(rows.column("doc_id")),
                rows.column("cluster").to_numpy(),
                rows.column("similarity").to_numpy(),
                ~np.asarray(rows.column("near_duplicate_of").is_null()),
            )
            for rows in map(one_batch, tables)
        ]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return cls(*(column[order] for column in columns))


def list_clusters(documents: Assigned, clusters: int) -> pa.Table:
    """Size, near-duplicates and medoid of each cluster.

    The medoid is the document nearest to the centroid, the one to read to know the
    cluster; of equally near ones, to 6 decimals, that of the smallest id.

    Returns:
        The first five columns of `tables.CLUSTER_LIST`; a cluster of no document has no
        medoid.
    """
    labels = documents.clusters
    rounded = np.round(documents.similarity.astype(np.float64), DECIMALS)
    order = np.lexsort((-rounded, labels))
    first = order[np.flatnonzero(np.diff(labels[order], prepend=-1))]
    ids, similarity = np.zeros(clusters, "S32"), np.full(clusters, np.nan)
    ids[labels[first]] = documents.ids[first]
    similarity[labels[first]] = rounded[first]
    near = np.bincount(labels[documents.near], minlength=clusters)
    return pa.table(
        {
            "cluster": pa.array(np.arange(clusters, dtype=np.int32)),
            "documents": pa.array(np.bincount(labels, minlength=clusters)),
            "near_duplicates": pa.array(near),
            "medoid_doc_id": as_strings(ids),
            "medoid_similarity": pa.array(similarity, from_pandas=True),
        }
    )

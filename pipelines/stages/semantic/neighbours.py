"""Near-duplicates and outliers among the documents of like clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stages.semantic.assign import (
    CLUSTERS,
    IDS,
    load_array,
    spill_path,
)
from isinglass.transforms.semantic.duplicates import find_duplicates
from isinglass.transforms.semantic.hashing import hash_ids
from isinglass.transforms.semantic.outliers import outlier_scores
from isinglass.transforms.semantic.split import split

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config.encode import SemanticConfig

NEIGHBOURS = "semantic_neighbours"
ROWS = np.dtype(
    [("leader", "S32"), ("cosine", "f8"), ("outlier", "f8"), ("part", "i8")]
)
"""What is written of each document: leader (empty for none) and the cosine to it,
outlier score, and the number of its part, unique over all clusters."""


@dataclass(frozen=True)
class NeighboursWork:
    """Work of the neighbours pass.

    Attributes:
        shard_ids: All shards, in order.
        buckets: Parts that the clusters are spread over.
        config: The `encode.semantic` section.
        seed: Of the run.
    """

    shard_ids: tuple[str, ...]
    buckets: int
    config: SemanticConfig
    seed: int
    name: str = NEIGHBOURS

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Compare the documents of one bucket; writes an array a shard."""
        del state
        bucket = int(payload)
        workspace = outputs.workspace
        ids, clusters, sizes = self._documents(workspace, bucket)
        spills = [read_array(spill_path(workspace, s, bucket)) for s in self.shard_ids]
        matrix = np.concatenate(spills) if spills else np.zeros((0, 0), np.float32)
        del spills
        with threadpool_limits(1):
            rows = self._compare(ids, clusters, matrix, bucket)
        start = 0
        for shard_id, size in zip(self.shard_ids, sizes, strict=True):
            path = rows_path(workspace, shard_id, bucket)
            outputs.write_array(path, rows[start : start + size])
            start += size
        marked = int(np.count_nonzero(rows["leader"] != b""))
        return {"records_in": len(rows), "near_duplicates": marked}

    def _documents(
        self, workspace: Workspace, bucket: int
    ) -> tuple[NDArray[np.bytes_], NDArray[np.int32], list[int]]:
        """Ids and clusters of a bucket, shard by shard, and how many of each shard."""
        ids: list[Any] = [np.zeros(0, "S32")]
        clusters: list[Any] = [np.zeros(0, np.int32)]
        for shard_id in self.shard_ids:
            labels = load_array(workspace, shard_id, CLUSTERS)
            mine = labels % self.buckets == bucket
            clusters.append(labels[mine])
            ids.append(load_array(workspace, shard_id, IDS)[mine])
        sizes = [len(part) for part in ids[1:]]
        return np.concatenate(ids), np.concatenate(clusters), sizes

    def _compare(
        self,
        ids: NDArray[np.bytes_],
        clusters: NDArray[np.int32],
        matrix: NDArray[np.float32],
        bucket: int,
    ) -> NDArray[Any]:
        rows = np.zeros(len(ids), ROWS)
        if len(ids) == 0:
            return rows
        # By doc_id, so that neither shards nor their order matter.
        order = np.lexsort((ids, clusters))
        hashes = hash_ids(ids, self.seed)
        starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
        number = 0
        for start, stop in zip(starts, [*starts[1:], len(order)], strict=True):
            members = order[start:stop]
            labels = split(matrix[members], self.config.largest, self.seed)
            for label in range(int(labels.max()) + 1):
                part = members[labels == label]
                rows["part"][part] = number * self.buckets + bucket
                self._mark(rows, part, ids, hashes, matrix)
                number += 1
        return rows

    def _mark(
        self,
        rows: NDArray[Any],
        part: NDArray[np.int64],
        ids: NDArray[np.bytes_],
        hashes: NDArray[np.uint64],
        matrix: NDArray[np.float32],
    ) -> None:
        """Near-duplicates and outliers of one part, whose rows are in id order."""
        vectors = matrix[part]
        found = find_duplicates(
            vectors, np.arange(len(part)), self.config.duplicates, self.config.largest
        )
        near = found.leader >= 0
        rows["leader"][part[near]] = ids[part[found.leader[near]]]
        rows["cosine"][part] = np.where(near, found.cosine, 0.0)
        ranks = np.argsort(np.argsort(hashes[part], kind="stable"), kind="stable")
        rows["outlier"][part] = outlier_scores(vectors, ranks)


def neighbour_units(
    work: NeighboursWork, assigns: dict[str, Commit], code: str
) -> list[Unit]:
    """One unit a bucket; it depends on the clusters and vectors of every shard."""
    hashes = [[o.sha256 for o in commit.outputs] for commit in assigns.values()]
    settings = [work.config.duplicates, work.config.largest, work.buckets, work.seed]
    identity = digest([hashes, settings, code])
    return [Unit(f"{b:05d}", str(b), identity) for b in range(work.buckets)]


def rows_path(workspace: Workspace, shard_id: str, bucket: int) -> Path:
    """File of what was found for a shard's documents of one bucket."""
    return workspace.side(NEIGHBOURS, f"{shard_id}.{bucket}.rows.npy")


def load_rows(
    workspace: Workspace, shard_id: str, clusters: NDArray[np.int32], buckets: int
) -> NDArray[Any]:
    """What was found for all documents of a shard, in their order."""
    rows = np.zeros(len(clusters), ROWS)
    for bucket in range(buckets):
        mine = clusters % buckets == bucket
        rows[mine] = read_array(rows_path(workspace, shard_id, bucket))
    return rows

"""Near-duplicates and outliers in like clusters, and what clusters hide."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stages.semantic.vectors import (
    CLUSTERS,
    load_array,
    sampled_vectors,
    shard_ids,
    shard_vectors,
    spill_path,
)
from isinglass.schemas.config.encode import SemanticConfig
from isinglass.transforms.semantic.duplicates import (
    COMPANIONS,
    DOCUMENTS,
    Rows,
    count_pairs,
    find_duplicates,
    outlier_scores,
)
from isinglass.transforms.semantic.hashing import draw
from isinglass.transforms.semantic.kmeans import split
from isinglass.transforms.semantic.terms import documents_each

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs

NEIGHBOURS = "semantic_neighbours"
ROWS = np.dtype(
    {
        "names": ["leader", "cosine", "outlier", "part", "chosen"],
        "formats": ["S32", "f8", "f8", "i8", "?"],
    }
)
"""What is written of each document: leader (empty for none) and the cosine to it,
outlier score, the number of its part, unique over all clusters, and whether the words
of its cluster are taken from it."""


@dataclass(frozen=True)
class Comparison:
    """How documents are compared; clusters are spread over so many buckets."""

    shards: tuple[str, ...]
    clusters: int
    buckets: int
    config: SemanticConfig
    seed: int


def compare_bucket(
    payload: str, outputs: UnitOutputs, comparison: Comparison
) -> dict[str, int]:
    """Compare the documents of one bucket; writes an array a shard."""
    workspace, bucket, buckets = outputs.workspace, int(payload), comparison.buckets
    ids, clusters, spills = [], [], []
    for shard in comparison.shards:
        labels = load_array(workspace, shard, CLUSTERS)
        mine = labels % buckets == bucket
        ids.append(shard_ids(workspace, shard)[mine])
        clusters.append(labels[mine])
        spills.append(read_array(spill_path(workspace, shard, bucket)))
    matrix = np.concatenate(spills)
    del spills
    with threadpool_limits(1):
        rows = _compare(
            np.concatenate(ids), np.concatenate(clusters), matrix, comparison
        )
    rows["part"] = rows["part"] * buckets + bucket
    ends = np.cumsum([len(part) for part in ids])
    for shard, mine in zip(comparison.shards, np.split(rows, ends[:-1]), strict=True):
        outputs.write_array(_path(workspace, shard, bucket), mine)
    return {"records_in": len(rows)}


def _compare(
    ids: NDArray[np.bytes_],
    clusters: NDArray[np.int32],
    matrix: NDArray[np.float32],
    comparison: Comparison,
) -> NDArray[Any]:
    """`ROWS` of all documents; parts are numbered from 0."""
    config, seed = comparison.config, comparison.seed
    each = documents_each(comparison.clusters)
    rows = np.zeros(len(ids), ROWS)
    # By doc_id, so that neither shards nor their order matter.
    order = np.lexsort((ids, clusters))
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    number = 0
    for members in np.split(order, starts[1:]):
        rows["chosen"][members[draw(ids[members], each, seed)]] = True
        for mine in split(matrix[members], config.largest, seed):
            part = members[mine]
            rows["part"][part] = number
            number += 1
            vectors, names = matrix[part], ids[part]
            found, cosine = find_duplicates(vectors, config.duplicates, config.largest)
            near = found >= 0
            rows["leader"][part[near]] = names[found[near]]
            rows["cosine"][part[near]] = cosine[near]
            companions = draw(names, COMPANIONS, seed)
            rows["outlier"][part] = outlier_scores(vectors, companions)
    return rows


def _path(workspace: Workspace, shard: str, bucket: int) -> Path:
    """File of what was found for a shard's documents of one bucket."""
    return workspace.mapped(NEIGHBOURS, f"{shard}.{bucket}.rows.npy")


def load_rows(
    workspace: Workspace, shard: str, clusters: NDArray[np.int32], buckets: int
) -> NDArray[Any]:
    """What was found for all documents of a shard, in their order."""
    rows = np.zeros(len(clusters), ROWS)
    for bucket in range(buckets):
        mine = clusters % buckets == bucket
        rows[mine] = read_array(_path(workspace, shard, bucket))
    return rows


RECALL = "semantic_recall"
_OWN_SAMPLE = 1
"""Added to the seed: not the documents that the clusters were fitted on."""


def count_missed(outputs: UnitOutputs, comparison: Comparison) -> dict[str, int]:
    """Count how many pairs the comparison, which is done, missed; writes no file.

    Returns what `SemanticRecall` has of counts; its documents as `records_in`.
    """
    workspace, shards = outputs.workspace, comparison.shards
    seed = (comparison.seed + _OWN_SAMPLE) % 2**63
    places, vectors, _ = sampled_vectors(workspace, shards, DOCUMENTS, seed)
    labels = [load_array(workspace, shard, CLUSTERS) for shard in shards]
    parts = [
        load_rows(workspace, shard, mine, comparison.buckets)["part"]
        for shard, mine in zip(shards, labels, strict=True)
    ]
    sampled = Rows(places, vectors, np.concatenate(parts)[places])
    counts, start = np.zeros((2, len(places)), np.int64), 0
    for shard, mine in zip(shards, parts, strict=True):
        _, matrix = shard_vectors(workspace, shard)
        others = Rows(np.arange(start, start + len(matrix)), matrix, mine)
        with threadpool_limits(1):
            counts += count_pairs(sampled, others, comparison.config.duplicates)
        start += len(matrix)
    pairs, found = counts.sum(axis=1)
    with_pairs, with_found = (counts > 0).sum(axis=1)
    return {
        "records_in": len(places),
        "with_pairs": int(with_pairs),
        "found": int(with_found),
        "pairs": int(pairs),
        "pairs_found": int(found),
    }

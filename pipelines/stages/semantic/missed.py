"""What clusters hide: sampled documents compared with every other one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from isinglass.pipelines.stages.semantic.assign import CLUSTERS, load_array
from isinglass.pipelines.stages.semantic.neighbours import Comparison, load_rows
from isinglass.pipelines.stages.semantic.vectors import sampled_vectors, shard_vectors
from isinglass.transforms.semantic.missed import DOCUMENTS, Rows, count_pairs

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs

RECALL = "semantic_recall"
_OWN_SAMPLE = 1
"""Added to the seed: not the documents that the clusters were fitted on."""


def count_missed(outputs: UnitOutputs, comparison: Comparison) -> dict[str, int]:
    """Count how many pairs the comparison, which is done, missed; writes no file.

    Returns:
        What `SemanticRecall` has of counts; its documents as `records_in`.
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
    (pairs, found), (with_pairs, with_found) = (
        counts.sum(axis=1),
        (counts > 0).sum(axis=1),
    )
    return {
        "records_in": len(places),
        "with_pairs": int(with_pairs),
        "found": int(with_found),
        "pairs": int(pairs),
        "pairs_found": int(found),
    }

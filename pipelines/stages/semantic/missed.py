"""What clusters hide: sampled documents compared with every other one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.workspace import Workspace, read_json
from isinglass.pipelines.stages.semantic.assign import CLUSTERS, IDS, load_array
from isinglass.pipelines.stages.semantic.neighbours import load_rows
from isinglass.pipelines.stages.semantic.vectors import shard_vectors
from isinglass.transforms.semantic.missed import (
    DOCUMENTS,
    Recall,
    RecallFold,
)
from isinglass.transforms.semantic.sample import SampleFold

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.stages.semantic.neighbours import NeighboursWork

RECALL = "semantic_recall"
_OWN_SAMPLE = 1
"""Added to the seed: not the documents that the clusters were fitted on."""


def count_missed(outputs: UnitOutputs, compared: NeighboursWork) -> dict[str, int]:
    """Write how many pairs the clusters kept apart, as JSON.

    Args:
        outputs: Of the step.
        compared: The comparison within clusters, which is done.
    """
    workspace = outputs.workspace
    fold = _sampled(workspace, compared)
    found = fold.create()
    with threadpool_limits(1):
        for shard_id in compared.shard_ids:
            vectors = shard_vectors(workspace, shard_id)
            parts = _parts(workspace, shard_id, compared.buckets)
            found = fold.add(found, vectors.doc_ids, vectors.matrix, parts)
    measured = fold.finish(found)
    content = json.dumps(vars(measured), sort_keys=True)
    outputs.write_bytes(recall_path(workspace), content)
    return {"records_in": measured.documents}


def _sampled(workspace: Workspace, compared: NeighboursWork) -> RecallFold:
    choice = SampleFold(DOCUMENTS, (compared.seed + _OWN_SAMPLE) % 2**63)
    drawn = choice.create()
    for shard_id in compared.shard_ids:
        vectors = shard_vectors(workspace, shard_id)
        drawn = choice.add(drawn, vectors.doc_ids, vectors.matrix)
    sample = choice.finish(drawn)
    parts = np.zeros(len(sample.ids), np.int64)
    for shard_id in compared.shard_ids:
        ids = load_array(workspace, shard_id, IDS)
        _, here, there = np.intersect1d(ids, sample.ids, return_indices=True)
        parts[there] = _parts(workspace, shard_id, compared.buckets)[here]
    return RecallFold(sample.ids, sample.vectors, parts, compared.config.duplicates)


def _parts(workspace: Workspace, shard_id: str, buckets: int) -> NDArray[np.int64]:
    clusters = load_array(workspace, shard_id, CLUSTERS)
    parts: NDArray[np.int64] = load_rows(workspace, shard_id, clusters, buckets)["part"]
    return parts


def recall_path(workspace: Workspace) -> Path:
    """File of the counts."""
    return workspace.side(RECALL, "recall.json")


def load_recall(workspace: Workspace) -> Recall:
    """What was measured."""
    return Recall(**read_json(recall_path(workspace)))

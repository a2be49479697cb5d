"""What clusters hide: sampled documents compared with every other one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from isinglass.pipelines.engine.workspace import Workspace, read_json
from isinglass.pipelines.stages.semantic.assign import CLUSTERS, IDS, load_array
from isinglass.pipelines.stages.semantic.neighbours import load_rows
from isinglass.pipelines.stages.semantic.vectors import shard_vectors
from isinglass.transforms.semantic.recall import (
    DOCUMENTS,
    Recall,
    RecallFold,
)
from isinglass.transforms.semantic.sample import SampleFold

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.schemas.config.encode import SemanticConfig

RECALL = "semantic_recall"
_OWN_SAMPLE = 1
"""Added to the seed: not the documents that the clusters were fitted on."""


@dataclass(frozen=True)
class RecallWork:
    """Work of measuring recall.

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
    name: str = RECALL

    def open(self) -> None:
        """Nothing is needed."""

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Write the counts as JSON."""
        del state, payload
        workspace = outputs.workspace
        fold = self._sampled(workspace)
        found = fold.create()
        with threadpool_limits(1):
            for shard_id in self.shard_ids:
                vectors = shard_vectors(workspace, shard_id)
                parts = self._parts(workspace, shard_id)
                found = fold.add(found, vectors.doc_ids, vectors.matrix, parts)
        measured = fold.finish(found)
        content = json.dumps(vars(measured), sort_keys=True)
        outputs.write_bytes(recall_path(workspace), content)
        return {"records_in": measured.documents}

    def _sampled(self, workspace: Workspace) -> RecallFold:
        choice = SampleFold(DOCUMENTS, (self.seed + _OWN_SAMPLE) % 2**63)
        drawn = choice.create()
        for shard_id in self.shard_ids:
            vectors = shard_vectors(workspace, shard_id)
            drawn = choice.add(drawn, vectors.doc_ids, vectors.matrix)
        sample = choice.finish(drawn)
        parts = np.zeros(len(sample.ids), np.int64)
        for shard_id in self.shard_ids:
            ids = load_array(workspace, shard_id, IDS)
            _, here, there = np.intersect1d(ids, sample.ids, return_indices=True)
            parts[there] = self._parts(workspace, shard_id)[here]
        return RecallFold(sample.ids, sample.vectors, parts, self.config.duplicates)

    def _parts(self, workspace: Workspace, shard_id: str) -> NDArray[np.int64]:
        clusters = load_array(workspace, shard_id, CLUSTERS)
        parts: NDArray[np.int64] = load_rows(
            workspace, shard_id, clusters, self.buckets
        )["part"]
        return parts


def recall_path(workspace: Workspace) -> Path:
    """File of the counts."""
    return workspace.side(RECALL, "recall.json")


def load_recall(workspace: Workspace) -> Recall:
    """What was measured."""
    return Recall(**read_json(recall_path(workspace)))

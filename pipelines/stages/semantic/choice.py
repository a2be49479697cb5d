"""Which documents of each cluster its words are taken from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stages.semantic.assign import CLUSTERS, IDS, load_array
from isinglass.transforms.semantic.hashing import as_strings
from isinglass.transforms.semantic.terms import (
    ChoiceFold,
    Cutoffs,
    documents_each,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.engine.commits import UnitOutputs

CHOICE = "semantic_choice"
_CLUSTERS, _HASHES = "clusters.npy", "hashes.npy"


def choose(
    outputs: UnitOutputs, shard_ids: Sequence[str], clusters: int, seed: int
) -> dict[str, int]:
    """Write the hashes up to which documents of each cluster are chosen."""
    workspace = outputs.workspace
    fold = choice_fold(clusters, seed)
    cutoffs = fold.create()
    for shard_id in shard_ids:
        doc_ids = as_strings(load_array(workspace, shard_id, IDS))
        labels = load_array(workspace, shard_id, CLUSTERS)
        cutoffs = fold.add(cutoffs, doc_ids, labels)
    outputs.write_array(workspace.side(CHOICE, _CLUSTERS), cutoffs.clusters)
    outputs.write_array(workspace.side(CHOICE, _HASHES), cutoffs.hashes)
    return {"records_in": len(cutoffs.hashes)}


def choice_fold(clusters: int, seed: int) -> ChoiceFold:
    """The rule by which documents are chosen."""
    return ChoiceFold(documents_each(clusters), seed)


def load_cutoffs(workspace: Workspace) -> Cutoffs:
    """The hashes up to which documents are chosen."""
    return Cutoffs(
        read_array(workspace.side(CHOICE, _CLUSTERS)),
        read_array(workspace.side(CHOICE, _HASHES)),
    )

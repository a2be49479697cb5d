"""What gates can ask about: edits, similarities, sizes of clusters, and texts."""

from __future__ import annotations

from collections.abc import Mapping

from isinglass.pipelines.stage import BY_TEXT, Columns
from isinglass.schemas.config import DedupConfig, RunConfig
from isinglass.transforms.dedup.edits import EDITS
from isinglass.transforms.dedup.recall import (
    BY_EDIT,
    BY_SIMILARITY,
    CONTAINED,
    slices,
)
from isinglass.transforms.dedup.removals import AXIS, DIMENSIONS, SIZES, size_name


def parts(config: RunConfig) -> Mapping[str, Columns]:
    """Columns of the statistics of the room; see `Stage.slices`."""
    dedup = config.dedup or DedupConfig()
    alike = [*slices(dedup.threshold), CONTAINED]
    clusters = {"axis": (AXIS,), "group": [size_name(*ends) for ends in SIZES]}
    return {
        "dedup.removed": BY_TEXT,
        "dedup.most_removed": {"position": DIMENSIONS},
        "dedup.clusters": clusters,
        "dedup.cluster_removed": clusters,
        "dedup.recall": {
            "axis": (BY_EDIT, BY_SIMILARITY),
            "group": [*EDITS, *alike],
            "position": alike,
        },
        "dedup.missed": {},
        "dedup.false_removals": {"axis": (BY_EDIT,), "group": [*EDITS]},
    }

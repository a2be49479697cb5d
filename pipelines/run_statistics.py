"""The statistics of a run, from what its shards counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines import gather
from isinglass.pipelines.repeat_shares import repeat_statistics
from isinglass.pipelines.stages.dedup.removals import removals
from isinglass.pipelines.stages.dedup.resolve import balance_path
from isinglass.pipelines.stages.pii import recall as misses
from isinglass.pipelines.summaries import balance_summary
from isinglass.transforms.demographics.lexicon import group_names
from isinglass.transforms.demographics.retention import (
    GroupDocuments,
    group_documents,
    removal,
    retention,
)

if TYPE_CHECKING:
    from isinglass.pipelines.engine.side_tables import Extent
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.schemas.config import RunConfig
    from isinglass.schemas.manifest import AxisSummary
    from isinglass.schemas.statistic import Statistic


def run_statistics(
    workspace: Workspace,
    places: list[Extent],
    config: RunConfig,
    counts: dict[str, int],
) -> tuple[list[Statistic], dict[str, AxisSummary]]:
    """All statistics of a run, and what balancing reached.

    Args:
        workspace: The run folder, after the last pass.
        places: Its shards, in order.
        config: The configuration.
        counts: Summed counts of the clean pass.
    """
    shard_ids = [place.shard_id for place in places]
    texts = gather.text_statistics(workspace, shard_ids)
    words = next(
        (
            row.value
            for row in texts
            if row.metric == "words"
            and row.stage == gather.OUTPUT
            and row.source is None
            and row.language is None
        ),
        0.0,
    )
    kept = [gather.kept_documents(workspace, shard_id) for shard_id in shard_ids]
    recall = misses.recall_counts(workspace, shard_ids)
    balance = balance_summary(config.balance, balance_path(workspace), kept)
    rows = [
        *texts,
        *(gather.group_statistics(kept) if config.survey.count_mentions else ()),
        *retention_statistics(kept, config),
        *removals(workspace, places, config.dedup),
        *repeat_statistics(workspace, config.dedup),
        *misses.recall_statistics(recall),
        *gather.count_statistics(counts, words),
    ]
    return rows, balance


def retention_statistics(kept: list[gather.Kept], config: RunConfig) -> list[Statistic]:
    """Who is lost by cleaning: retention of documents that mention each group."""
    if not config.survey.count_mentions:
        return []
    columns = group_names()

    def documents(masks: list[np.ndarray]) -> GroupDocuments:
        chosen = list(zip(kept, masks, strict=True))
        return group_documents(
            np.concatenate([k.mentions.counts[mask] for k, mask in chosen]),
            np.concatenate([k.mentions.covered[mask] for k, mask in chosen]),
            columns,
        )

    before = documents([np.ones(len(k.kept), dtype=bool) for k in kept])
    reasons = sorted({r for k in kept for r in k.reason.unique().to_pylist() if r})
    removed = {
        reason: documents([_is_reason(k.reason, reason) for k in kept])
        for reason in reasons
    }
    after = documents([k.kept for k in kept])
    return [*retention(before, after), *removal(before, removed)]


def _is_reason(column: pa.Array, reason: str) -> np.ndarray:
    equal = pc.fill_null(pc.equal(column, reason), fill_value=False)
    return np.asarray(equal.to_numpy(zero_copy_only=False))

"""Who is in the documents that were kept, and who was lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.side_tables import (
    decisions_path,
    read_side,
    survey_path,
)
from isinglass.pipelines.engine.workspace import read_table
from isinglass.transforms.demographics.counts import MentionCounts, mention_matrix
from isinglass.transforms.demographics.groups import GroupFold
from isinglass.transforms.demographics.lexicon import group_names
from isinglass.transforms.demographics.retention import (
    GroupDocuments,
    group_documents,
    removal,
    retention,
)
from isinglass.transforms.read.identity import format_doc_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.schemas.statistic import Statistic

INPUT, OUTPUT = "input", "output"


@dataclass(frozen=True)
class Kept:
    """Survey facts of the documents of one shard, and which of them were kept.

    Attributes:
        kept: bool (n,), the document is in `data/`.
        reason: Why not, from the decisions or the scan; null for kept ones.
        weight: float64 (n,), balance weight; NaN when there is none.
        mentions: Mention counts of every document.
        sources: Source of every document.
        languages: Language of every document.
    """

    kept: np.ndarray
    reason: pa.Array
    weight: np.ndarray
    mentions: MentionCounts
    sources: pa.Array
    languages: pa.Array


def kept_documents(workspace: Workspace, shard_id: str) -> Kept:
    """Join survey, decisions and the scan's failures of one shard."""
    columns = [
        "doc_high",
        "doc_low",
        "source",
        "language",
        "covered",
        "words",
        "mentions",
    ]
    survey = read_side(survey_path(workspace, shard_id), columns)
    decisions = read_side(decisions_path(workspace, shard_id))
    words = np.stack([survey[n].to_numpy() for n in ("doc_high", "doc_low")], axis=1)
    quarantine = read_table(
        workspace.table("quarantine", shard_id), ["doc_id", "reason"]
    )
    position = pc.index_in(format_doc_ids(words), quarantine["doc_id"])
    reason = pc.coalesce(
        decisions["reason"].combine_chunks(),
        quarantine["reason"].combine_chunks().take(position),
    )
    return Kept(
        kept=pc.is_null(reason).to_numpy(zero_copy_only=False),
        reason=reason,
        weight=pc.fill_null(decisions["weight"], np.nan).to_numpy(),
        mentions=MentionCounts(
            counts=mention_matrix(survey["mentions"]),
            covered=survey["covered"].to_numpy(),
            words=survey["words"].to_numpy(),
        ),
        sources=survey["source"].combine_chunks(),
        languages=survey["language"].combine_chunks(),
    )


def group_statistics(kept: Iterable[Kept]) -> list[Statistic]:
    """Demographic mentions before and after cleaning."""
    fold = GroupFold()
    before, after = fold.create(), fold.create()
    for shard in kept:
        before = fold.add(before, shard.mentions, shard.sources, shard.languages)
        mask = shard.kept
        chosen = MentionCounts(
            shard.mentions.counts[mask],
            shard.mentions.covered[mask],
            shard.mentions.words[mask],
        )
        flags = pa.array(mask)
        after = fold.add(
            after, chosen, shard.sources.filter(flags), shard.languages.filter(flags)
        )
    return [*fold.finish(before, INPUT), *fold.finish(after, OUTPUT)]


def retention_statistics(kept: list[Kept]) -> list[Statistic]:
    """Who is lost by cleaning: retention of documents that mention each group."""
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

"""Merging what the shards counted into the statistics of the run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from isinglass.pipelines.clean import statistics_path
from isinglass.pipelines.engine.side_tables import (
    decisions_path,
    read_side,
    survey_path,
)
from isinglass.pipelines.stages.dedup.resolve import mention_matrix
from isinglass.pipelines.sums import parts
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.demographics.counts import MentionCounts
from isinglass.transforms.read.identity import format_doc_ids
from isinglass.transforms.statistics.fold import GroupFold, TextFold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from isinglass.pipelines.engine.workspace import Workspace

INPUT, OUTPUT, RUN = "input", "output", "run"
WORDS_UNIT = 1000.0
RUN_METRICS = (
    "pii.changed",
    "pii.found",
    "pii.kept",
    "pii.rate",
    "pii.recall",
    "pii.second_scan.documents",
    "pii.second_scan.hits",
    "quarantine.rate",
    "records.dropped",
    "records.in",
    "records.kept",
    "records.quarantined",
)
"""Statistics of the run as a whole; those of texts and groups are in transforms."""


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
    quarantine = pq.read_table(
        workspace.table("quarantine", shard_id), columns=["doc_id", "reason"]
    )
    failed = quarantine.filter(pc.starts_with(quarantine["reason"], "detector_"))
    position = pc.index_in(format_doc_ids(words), failed["doc_id"].combine_chunks())
    reason = pc.coalesce(
        decisions["reason"].combine_chunks(),
        failed["reason"].combine_chunks().take(position),
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


def text_statistics(workspace: Workspace, shard_ids: Sequence[str]) -> list[Statistic]:
    """Documents, characters, words and lengths before and after cleaning."""
    fold = TextFold()
    before = _merged(fold, (_survey_sums(workspace, s)["texts"] for s in shard_ids))
    after = _merged(fold, (_clean_sums(workspace, s)["texts"] for s in shard_ids))
    return [*fold.finish(before, INPUT), *fold.finish(after, OUTPUT)]


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


def _merged(fold: TextFold, sums: Iterable[Any]) -> Any:
    return reduce(fold.merge, sums, fold.create())


def _survey_sums(workspace: Workspace, shard_id: str) -> Any:
    path = survey_path(workspace, shard_id).with_suffix(".stats.json")
    return json.loads(path.read_text())


def _clean_sums(workspace: Workspace, shard_id: str) -> Any:
    return json.loads(statistics_path(workspace, shard_id).read_text())


def count_statistics(counts: dict[str, int], words: float) -> list[Statistic]:
    """Records by outcome and reason, and findings by entity.

    Args:
        counts: Summed counts of the clean pass.
        words: Words of the kept documents.
    """
    total = counts.get("records_in", 0)
    rows = [_records("records.in", total, total)]
    rows.append(_records("records.kept", counts.get("kept", 0), total))
    for outcome in ("dropped", "quarantined"):
        reasons = parts(counts, outcome)
        rows.append(_records(f"records.{outcome}", sum(reasons.values()), total))
        rows += [
            _records(f"records.{outcome}", value, total, reason=reason)
            for reason, value in reasons.items()
        ]
    quarantined = sum(parts(counts, "quarantined").values())
    rate = quarantined / total if total else 0.0
    rows.append(
        Statistic(
            "quarantine.rate",
            rate,
            "share of records",
            RUN,
            "Completeness",
            numerator=quarantined,
            denominator=total,
        )
    )
    for name, value in parts(counts, "finding").items():
        entity, _, kind = name.rpartition(".")
        rows.append(
            Statistic(
                f"pii.{kind}", value, "spans", RUN, "Identifiability", entity=entity
            )
        )
        if kind == "found" and words:
            rows.append(
                Statistic(
                    "pii.rate",
                    WORDS_UNIT * value / words,
                    "spans per 1,000 words",
                    RUN,
                    "Identifiability",
                    entity=entity,
                    numerator=value,
                    denominator=words,
                )
            )
    return rows


def _records(
    metric: str, value: int, total: int, reason: str | None = None
) -> Statistic:
    return Statistic(
        metric,
        value,
        "records",
        RUN,
        "Completeness",
        reason=reason,
        numerator=value,
        denominator=total,
    )

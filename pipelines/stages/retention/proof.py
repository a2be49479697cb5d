"""Who is lost of a finished run, counted again from its tables."""

from __future__ import annotations

from isinglass.pipelines.engine.workspace import Workspace
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.proof.rows import differing
from isinglass.pipelines.stages.demographics.proof import counted_by
from isinglass.pipelines.stages.retention.lost import lost_statistics

NAME = "retention"
METRICS = frozenset(
    {
        "group.retention",
        "group.retention_ratio",
        "group.retention_parity",
        "group.removed_share",
        "group.removal_ratio",
        "group.adjusted_removal_ratio",
        "group.removal_pmi",
        "group.cut_share",
        "group.cut_ratio",
        "group.adjusted_cut_ratio",
        "group.cut_characters",
        "group.mean_weight",
        "group.weight_ratio",
    }
)
"""All but what the model of names finds of planted ones."""


def prove(run: FinishedRun) -> list[Check]:
    """Every group against the others, from survey, decisions and what was cut."""
    if not run.config.survey.count_mentions:
        faults = differing(run, METRICS, [])
        return [conclude(NAME, faults, "")] if faults else []
    lexicons = counted_by(run)
    if isinstance(lexicons, str):
        return [Check(NAME, "skipped", lexicons)]
    asked, workspace = run.config.retention, Workspace(str(run.folder))
    dialect = asked is not None and asked.dialect is not None
    again = lost_statistics(workspace, run.shards(), lexicons, dialect=dialect)
    seen = f"{len(again):,} statistics"
    return [conclude(NAME, differing(run, METRICS, again), seen)]

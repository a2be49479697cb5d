"""Who loses documents to deduplication: sources, languages, and large clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.blocks import (
    Block,
    Cell,
    Row,
    Table,
    Tone,
    code,
    columns,
    table,
)
from isinglass.pipelines.report.text import grouped, percent, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import DedupSummary

_MOST_GROUPS = 20
_MUCH = 0.5
"""Share from which a loss is shown in the colour of a warning."""


def removal_blocks(data: ReportData, summary: DedupSummary) -> list[Block]:
    """Removed shares by source and language, clusters by size, earlier runs."""
    blocks: list[Block] = []
    for column, name in (("source", "Source"), ("language", "Language")):
        made = _shares(data, column, name)
        if made is not None:
            blocks.append(made)
    clusters = _clusters(data)
    if clusters is not None:
        blocks.append(clusters)
    if summary.against:
        blocks.append(_earlier(summary))
    return blocks


def _shares(data: ReportData, column: str, name: str) -> Table | None:
    """The groups that lose the largest share come first."""
    rows = [
        row
        for row in data.slices.named("dedup.removed")
        if row[column] is not None and row["numerator"]
    ]
    if not rows:
        return None
    rows.sort(key=lambda row: (-row["value"], row[column]))
    note = ""
    if len(rows) > _MOST_GROUPS:
        note = f"{grouped(len(rows) - _MOST_GROUPS)} more lose a smaller share."
    return table(
        f"Removed as duplicates, by {column}",
        columns(f"<{name}", "Documents", "Removed", "Share"),
        [_share_row(row, column) for row in rows[:_MOST_GROUPS]],
        note=note,
    )


def _share_row(row: Mapping[str, Any], column: str) -> Row:
    share = float(row["value"])
    tone: Tone = "warn" if share >= _MUCH else ""
    return [
        shorten(row[column]) or "(none)",
        grouped(int(row["denominator"])),
        grouped(int(row["numerator"])),
        Cell(percent(share), tone=tone, bar=share),
    ]


def _clusters(data: ReportData) -> Table | None:
    counts = {row["group"]: row for row in data.slices.named("dedup.clusters")}
    gone = {row["group"]: row for row in data.slices.named("dedup.cluster_removed")}
    if not counts:
        return None
    order = sorted(counts, key=lambda size: int(size.rstrip("+").partition("-")[0]))
    return table(
        "Clusters: a kept document and all that were removed for it",
        columns("<Documents in the cluster", "Clusters", "Removed", "Share of removed"),
        [
            [
                size,
                grouped(int(counts[size]["value"])),
                grouped(int(gone[size]["numerator"])),
                Cell(percent(gone[size]["value"]), bar=float(gone[size]["value"])),
            ]
            for size in order
        ],
        note="`isinglass explain` shows a removed document beside the kept one.",
    )


def _earlier(summary: DedupSummary) -> Table:
    return table(
        f"Earlier runs: {grouped(summary.removed_for_earlier)} documents were removed "
        "for one that is kept there",
        columns("<Run", "<run_id", "Documents kept there"),
        [
            [code(run.path), code(run.run_id), grouped(run.documents)]
            for run in summary.against
        ],
    )

"""The balance weights: shares before and after, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.blocks import (
    Block,
    Figure,
    Heading,
    Paragraph,
    Section,
    Table,
    columns,
    not_run,
    table,
)
from isinglass.pipelines.report.svg import Shift, shifts
from isinglass.pipelines.report.text import (
    MISSING,
    decimal,
    grouped,
    percent,
    share_of,
    shorten,
)
from isinglass.pipelines.stages.demographics.report import (
    ANCHOR,
    CAVEAT,
    TITLE,
    counted,
    coverage,
)

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import AxisSummary, Manifest


def section(data: ReportData) -> Section:
    """What the weights reach on each axis; they never stand without the caveat."""
    balance = data.manifest.balance
    if not balance:
        return not_run(ANCHOR, TITLE, "no weights were computed.")
    blocks: list[Block] = []
    if not counted(data):
        blocks += [Paragraph(CAVEAT), *coverage(data)]
    for axis, summary in sorted(balance.items()):
        blocks += _axis_blocks(axis, summary)
    return Section(ANCHOR, TITLE, tuple(blocks))


def line(manifest: Manifest) -> str:
    """Its part of what a command prints when it is done."""
    if not manifest.balance:
        return "Balance: not run"
    parts = []
    for axis, summary in sorted(manifest.balance.items()):
        effective = share_of(summary.effective_sample_size, summary.documents)
        parts.append(
            f"{shorten(axis)} within {decimal(summary.residual * 100)} points of the "
            "target, "
            f"effective sample {effective} of {grouped(summary.documents)} documents"
        )
    return f"Balance: {'; '.join(parts)}"


def _axis_blocks(axis: str, summary: AxisSummary) -> list[Block]:
    groups = sorted(set(summary.before) | set(summary.after) | set(summary.target))
    rows = [
        Shift(
            group,
            summary.before.get(group, 0.0),
            summary.after.get(group, 0.0),
            summary.target.get(group),
        )
        for group in groups
    ]
    blocks: list[Block] = [Heading(f"Weights on the axis {shorten(axis)}")]
    if rows:
        blocks.append(Figure(shifts(rows), _SHIFT_CAPTION))
    blocks += [_axis_table(summary, rows), _axis_statement(summary)]
    return blocks


_SHIFT_CAPTION = (
    "Share of the axis by group: hollow dot before weighting, full dot after, "
    "upright stroke the target"
)


def _axis_table(summary: AxisSummary, rows: list[Shift]) -> Table:
    def reach(group: str) -> str:
        ends = summary.reachable.get(group)
        return f"{percent(ends[0])} to {percent(ends[1])}" if ends else MISSING

    return table(
        "Shares within the axis, of the kept documents' mentions",
        columns("<Group", "Target", "Before", "After", "Reachable within the bounds"),
        [
            [
                shorten(row.label),
                percent(row.target),
                percent(row.before),
                percent(row.after),
                reach(row.label),
            ]
            for row in rows
        ],
    )


def _axis_statement(summary: AxisSummary) -> Paragraph:
    effective = grouped(summary.effective_sample_size)
    share = share_of(summary.effective_sample_size, summary.documents)
    if summary.feasible:
        reached = "The target can be reached within the bounds"
    else:
        reached = "The target can not be reached within the bounds; the closest is used"
    text = (
        f"{reached}. Largest difference left: "
        f"{decimal(summary.residual * 100, 2)} percentage points. Weights lie between "
        f"{decimal(summary.weight_low)} and {decimal(summary.weight_high)}. Effective "
        f"sample size {effective} of {grouped(summary.documents)} documents ({share}). "
        "Weights change shares of mentions, not the way groups are written about."
    )
    return Paragraph(text, "" if summary.feasible else "warn")

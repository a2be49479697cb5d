"""The balance weights: shares before and after, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report import blocks as page
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
from isinglass.schemas.manifest import AxisSummary, Manifest

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData


def section(data: ReportData) -> page.Section:
    """What the weights reach on each axis; they never stand without the caveat."""
    balance = data.manifest.balance
    if not balance:
        return page.not_run(ANCHOR, TITLE, "no weights were computed.")
    blocks: list[page.Block] = []
    if not counted(data):
        blocks += [page.Paragraph(CAVEAT), *coverage(data)]
    for axis, summary in sorted(balance.items()):
        blocks += _axis_blocks(axis, summary)
    return page.Section(ANCHOR, TITLE, tuple(blocks))


def line(manifest: Manifest) -> str:
    """Its part of what a command prints when it is done."""
    if not manifest.balance:
        return "Balance: not run"
    parts = [
        f"{shorten(axis)} within {decimal(one.residual * 100)} points of the target, "
        f"effective sample {share_of(one.effective_sample_size, one.documents)} of "
        f"{grouped(one.documents)} documents"
        for axis, one in sorted(manifest.balance.items())
    ]
    return f"Balance: {'; '.join(parts)}"


def _axis_blocks(axis: str, summary: AxisSummary) -> list[page.Block]:
    before, after, target = summary.before, summary.after, summary.target
    rows = [
        Shift(group, before.get(group, 0.0), after.get(group, 0.0), target.get(group))
        for group in sorted({*before, *after, *target})
    ]
    blocks: list[page.Block] = [page.Heading(f"Weights on the axis {shorten(axis)}")]
    if rows:
        caption = (
            "Share of the axis by group: hollow dot before weighting, full dot after, "
            "upright stroke the target"
        )
        blocks.append(
            page.Figure(shifts(rows, "Shares before and after weighting"), caption)
        )
    return [*blocks, _axis_table(summary, rows), _axis_statement(summary)]


def _axis_table(summary: AxisSummary, rows: list[Shift]) -> page.Table:
    def reach(group: str) -> str:
        ends = summary.reachable.get(group)
        return f"{percent(ends[0])} to {percent(ends[1])}" if ends else MISSING

    made: list[page.Row] = []
    for group, before, after, target, _ in rows:
        shares = (percent(share) for share in (target, before, after))
        made.append([shorten(group), *shares, reach(group)])
    heads = ("<Group", "Target", "Before", "After", "Reachable within the bounds")
    caption = "Shares within the axis, of the kept documents' mentions"
    return page.table(caption, page.columns(*heads), made)


def _axis_statement(summary: AxisSummary) -> page.Paragraph:
    effective = grouped(summary.effective_sample_size)
    share = share_of(summary.effective_sample_size, summary.documents)
    reached = "The target can be reached within the bounds"
    if not summary.feasible:
        reached = "The target can not be reached within the bounds; the closest is used"
    text = (
        f"{reached}. Largest difference left: "
        f"{decimal(summary.residual * 100, 2)} percentage points. Weights lie between "
        f"{decimal(summary.weight_low)} and {decimal(summary.weight_high)}. Effective "
        f"sample size {effective} of {grouped(summary.documents)} documents ({share}). "
        "Weights change shares of mentions, not the way groups are written about."
    )
    return page.Paragraph(text, "" if summary.feasible else "warn")

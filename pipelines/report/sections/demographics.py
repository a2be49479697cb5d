"""Mentions of groups before and after, who was removed, and the balance weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report.blocks import (
    Block,
    Cell,
    Figure,
    Heading,
    Paragraph,
    Row,
    Section,
    Table,
    Tone,
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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import AxisSummary

CAVEAT = (
    "These numbers count words of a lexicon: pronouns and nouns that speak of a "
    "gender, and the like. They do not measure who wrote a text, who people are, how "
    "they are described, or what a model will make of it. People who are named but "
    "not referred to by such words are not counted, and a word may be used of no "
    "person at all."
)
_SHARES = ("group.document_share", "group.mention_share")
_RETENTION = {
    "group.retention": "share that stays",
    "group.retention_ratio": "share that stays, against that of all documents",
    "group.removed_share": "share removed",
    "group.removal_ratio": "share removed, against that of the other documents",
}
"""Metrics of `transforms.demographics.retention` and what they say."""

_FLAGGED_RATIO = 1.25
"""Counterpart of the four-fifths rule for shares removed (1 / 0.8)."""


def demographics_section(data: ReportData) -> Section:
    """Shares, retention by group and weights."""
    anchor, title = "demographics", "Demographic mentions and balance"
    shares = [row for name in _SHARES for row in data.slices.named(name)]
    retention = [row for name in _RETENTION for row in data.slices.named(name)]
    if not (shares or retention or data.manifest.balance):
        why = "no mentions were counted and no weights computed."
        return not_run(anchor, title, why)
    blocks: list[Block] = [Paragraph(CAVEAT)]
    if shares:
        blocks.append(_share_table(data, shares))
    blocks += _coverage(data)
    if retention:
        blocks += [Heading("Who was removed"), _retention_table(retention)]
    for axis, summary in sorted(data.manifest.balance.items()):
        blocks += _axis_blocks(axis, summary)
    if not data.manifest.balance:
        blocks.append(Paragraph("Not run: no weights were computed.", "muted"))
    return Section(anchor, title, tuple(blocks))


def _share_table(data: ReportData, rows: list[Mapping[str, Any]]) -> Table:
    keys = sorted(
        {
            (row["axis"] or "", row["group"] or "")
            for row in rows
            if row["language"] is None and row["source"] is None
        }
    )
    made: list[Row] = []
    for axis, group in keys:
        found = [
            data.slices.find(metric, stage, axis=axis, group=group)
            for metric in _SHARES
            for stage in ("input", "output")
        ]
        made.append([shorten(axis), shorten(group), *map(_share_cell, found)])
    return table(
        "Group shares before and after deduplication and filters, without weights",
        columns(
            "<Axis",
            "<Group",
            "Of documents in",
            "Of documents out",
            "Of mentions in",
            "Of mentions out",
        ),
        made,
        note=(
            "Of documents: those that mention the group. One may mention several, so "
            "these shares overlap. Of mentions: the group's part of all on its axis."
        ),
    )


def _share_cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return MISSING
    if row["denominator"] is None:
        return percent(row["value"])
    counts = f"{grouped(row['numerator'])} of {grouped(row['denominator'])}"
    return f"{percent(row['value'])} ({counts})"


def _coverage(data: ReportData) -> list[Block]:
    lines = []
    for row in data.slices.named("axis.coverage"):
        if row["language"] is None and row["source"] is None:
            where = f"{shorten(row['axis'] or '')}, {row['stage']}"
            lines.append(f"{where}: {_share_cell(row)}")
    if not lines:
        return []
    text = f"Documents that mention the axis at all: {'; '.join(lines)}."
    return [Paragraph(text)]


def _retention_table(rows: list[Mapping[str, Any]]) -> Table:
    made: list[Row] = []
    for row in rows:
        who = (row[name] for name in ("axis", "group", "language", "source", "reason"))
        label = ", ".join(shorten(part) for part in who if part is not None)
        is_share = row["unit"].startswith("share")
        show = percent if is_share else decimal
        low, high = row["low"], row["high"]
        between = MISSING if low is None else f"{show(low)} to {show(high)}"
        counts = MISSING
        if is_share and row["denominator"] is not None:
            counts = f"{grouped(row['numerator'])} of {grouped(row['denominator'])}"
        tone: Tone = "warn" if _is_flagged(row) else ""
        value = Cell(show(row["value"]), tone=tone)
        measure = _RETENTION[row["metric"]]
        made.append([label or "all documents", measure, value, between, counts])
    return table(
        "Retention by group, with 95 % intervals",
        columns("<Group", "<Measure", "Value", "95 % interval", "Documents"),
        made,
        note=(
            f"A ratio is marked from {_FLAGGED_RATIO:g} on if its whole interval lies "
            "above 1: the group lost clearly more than the rest."
        ),
    )


def _is_flagged(row: Mapping[str, Any]) -> bool:
    low = row["low"]
    return (
        row["metric"] == "group.removal_ratio"
        and low is not None
        and low > 1.0
        and row["value"] >= _FLAGGED_RATIO
    )


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

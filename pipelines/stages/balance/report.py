"""The balance weights: shares before and after, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.svg import Shift, shifts
from isinglass.pipelines.report.text import (
    MISSING,
    decimal,
    grouped,
    number_of,
    percent,
    share_of,
    shorten,
)
from isinglass.pipelines.stages.balance.report_weights import weight_blocks
from isinglass.pipelines.stages.balance.warnings import closest, few_named
from isinglass.pipelines.stages.demographics.report import (
    ANCHOR,
    CAVEAT,
    TITLE,
    counted,
    coverage,
)
from isinglass.schemas.manifest import Manifest
from isinglass.schemas.weighting import AxisSummary
from isinglass.transforms.statistics.intervals import FEW

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData


def section(data: ReportData) -> page.Section:
    """What the weights reach on each axis; they never stand without the caveat."""
    balance, weights = data.manifest.balance, data.manifest.weights
    if not balance:
        return page.not_run(ANCHOR, TITLE, "no weights were computed.")
    blocks: list[page.Block] = []
    if not counted(data):
        blocks += [page.Paragraph(CAVEAT), *coverage(data)]
    for axis, summary in sorted(balance.items()):
        blocks += _axis_blocks(axis, summary)
    if weights is not None:
        blocks += weight_blocks(weights)
    return page.Section(ANCHOR, TITLE, tuple(blocks))


def line(manifest: Manifest) -> str:
    """Its part of what a command prints when it is done."""
    if not manifest.balance:
        return "Balance: not run"
    parts = [
        f"{shorten(axis)} {_outcome(one)}, "
        f"effective sample {share_of(one.effective_sample_size, one.documents)} of "
        f"{grouped(one.documents)} documents"
        for axis, one in sorted(manifest.balance.items())
    ]
    return f"Balance: {'; '.join(parts)}"


def advice(manifest: Manifest) -> list[str]:
    """Not to use weights that rest on too little."""
    few = [shorten(axis) for axis, one in manifest.balance.items() if one.too_few]
    if not few:
        return []
    return [
        f"Do not use the weights of {', '.join(few)}: too little mentions its groups."
    ]


def _outcome(one: AxisSummary) -> str:
    if not one.too_few:
        aim = "target" if one.target else "limits"
        points = f"{decimal(one.residual * 100)} points"
        if not one.feasible:
            return f"misses the {aim} by {points}"
        return f"within {points} of the {aim}"
    mentions = sum(one.mentions.values())
    return f"too few to say ({number_of(mentions, 'mention')})"


def _axis_blocks(axis: str, summary: AxisSummary) -> list[page.Block]:
    before, after, target = summary.before, summary.after, summary.target
    rows = [
        Shift(group, before.get(group, 0.0), after.get(group, 0.0), target.get(group))
        for group in sorted({*before, *after, *target})
    ]
    blocks: list[page.Block] = [page.Heading(f"Weights on the axis {shorten(axis)}")]
    drawn = [row for row in rows if not _is_few(summary, row[0])]
    if drawn and not summary.too_few:
        caption = (
            "Share of the axis by group: hollow dot before weighting, full dot after, "
            "upright stroke the target"
        )
        what = "Shares before and after weighting"
        blocks.append(page.Figure(shifts(drawn, what), caption))
    blocks += [_axis_table(summary, rows), _axis_statement(summary)]
    if summary.too_few:
        text = (
            f"Too few to say: {few_named(summary)}. Of fewer than {FEW} mentions or "
            f"{FEW} documents nothing can be said, and the weights lean on these few "
            "documents. Do not rely on this balance."
        )
        blocks.append(page.Paragraph(text, "warn"))
    return [*blocks, *_drawn_table(summary)]


def _is_few(summary: AxisSummary, group: str) -> bool:
    """Whether nothing can be said of a group, be it asked for or not."""
    numbers = (summary.mentions, summary.mentioned_in)
    known = all(group in own for own in numbers)
    few = known and min(own[group] for own in numbers) < FEW
    return few or group in summary.too_few


def _few_or(shown: list[str], *, few: bool) -> list[page.Cell | str]:
    """Cells of shares, or that there are too few to say any."""
    unknown = page.Cell("too few to say", tone="muted")
    return [unknown] * len(shown) if few else [*shown]


def _axis_table(summary: AxisSummary, rows: list[Shift]) -> page.Table:
    def reach(group: str) -> str:
        ends = summary.together.get(group) or summary.reachable.get(group)
        return f"{percent(ends[0])} to {percent(ends[1])}" if ends else MISSING

    made: list[page.Row] = []
    for group, before, after, *_ in rows:
        few = _is_few(summary, group)
        shown = _few_or([percent(before), percent(after)], few=few)
        numbers = (summary.mentions, summary.mentioned_in)
        counts = [grouped(own.get(group)) for own in numbers]
        ends = MISSING if few else reach(group)
        made.append([shorten(group), _asked(summary, group), *shown, *counts, ends])
    within = "Reachable within the bounds"
    if summary.together:
        within += ", the other axes at their targets"
    heads = ("<Group", "Target", "Before", "After", "Mentions", "Documents", within)
    caption = "Shares within the axis, of the kept documents' sure mentions"
    note = (
        "Sure are mentions by terms that are neither ambiguous nor words which people "
        "would not want to be called; only these are balanced."
    )
    return page.table(caption, page.columns(*heads), made, note=note)


def _asked(summary: AxisSummary, group: str) -> str:
    """Target share of a group, or its limits."""
    if group in summary.target:
        return percent(summary.target[group])
    limits = (("at most", summary.cap), ("at least", summary.floor))
    told = [f"{word} {percent(own[group])}" for word, own in limits if group in own]
    return ", ".join(told) or MISSING


def _axis_statement(summary: AxisSummary) -> page.Paragraph:
    effective = grouped(summary.effective_sample_size)
    share = share_of(summary.effective_sample_size, summary.documents)
    reached = "The target can be reached within the bounds"
    if not summary.feasible:
        reached = f"The target can not be reached within the bounds: {closest(summary)}"
    if summary.missed_in:
        named = ", ".join(shorten(name) for name in summary.missed_in[:10])
        reached += (
            f" (in {number_of(len(summary.missed_in), 'part')}, among them {named})"
        )
    text = (
        f"{reached}. Largest difference left: "
        f"{decimal(summary.residual * 100, 2)} percentage points. Weights lie between "
        f"{decimal(summary.weight_low)} and {decimal(summary.weight_high)}. Effective "
        f"sample size {effective} of {grouped(summary.documents)} documents ({share}). "
        "Weights change shares of mentions, not the way groups are written about."
    )
    return page.Paragraph(text, "" if summary.feasible else "warn")


def _drawn_table(summary: AxisSummary) -> list[page.Block]:
    if not summary.drawn:
        return []
    rows: list[page.Row] = [
        [
            shorten(group),
            *_few_or(
                [percent(summary.after.get(group)), percent(one.share)],
                few=_is_few(summary, group),
            ),
            decimal(one.residual, 1),
            decimal(one.deviation, 1),
            decimal(one.z),
        ]
        for group, one in sorted(summary.drawn.items())
    ]
    heads = ("<Group", "By weight", "Drawn", "Residual", "Expected spread", "z")
    table = page.table(
        "Shares of what was drawn by the weights",
        page.columns(*heads),
        rows,
        note=(
            "Residual: how many more of the group were drawn than its share of the "
            "axis; the spread is its standard deviation by chance, z their ratio."
        ),
    )
    return [table]

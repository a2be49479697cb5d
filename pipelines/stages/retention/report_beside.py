"""What stays of each group, whose names are found, and what documents weigh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.svg import Whisker, whiskers
from isinglass.pipelines.report.text import (
    MISSING,
    decimal,
    grouped,
    percent,
    shorten,
    words_of,
)
from isinglass.pipelines.stages.retention.rows import (
    Row,
    by_group,
    flagged,
    low_ratio,
    named,
    too_few,
    with_ends,
)
from isinglass.transforms.retention.audit import FLAGGED_RATIO
from isinglass.transforms.statistics.intervals import FEW

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

_PLOTTED = 11

LEAST_PARITY = 0.8
"""The four-fifths rule (29 CFR 1607.4 D), for shares that stay."""


def stays_blocks(data: ReportData, rows: Iterable[Row]) -> Iterator[page.Block]:
    """What stays of the documents that mention a group."""
    few, every = {}, None
    made: list[page.Row] = []
    dots: list[Whisker] = []
    ratios, parities = (
        by_group(data, f"group.retention_{name}") for name in ("ratio", "parity")
    )
    for row in rows:
        who, whole = (row["axis"], row["group"]), row["group"] is None
        if whole and row["axis"] is None:
            every = row["denominator"]
        elif whole and row["denominator"] == every:
            continue
        ratio, parity = ratios.get(who), parities.get(who)
        if not whole and (row["denominator"] or 0) < FEW:
            few[who] = row
            continue
        if row["low"] is not None and (row["axis"] is None or not whole):
            label = _all_of(None) if whole else words_of(who[1])
            dots.append(Whisker(label, row["value"], row["low"], row["high"]))
        below = parity is not None and parity["value"] < LEAST_PARITY
        made.append(
            [
                _all_of(row["axis"]) if whole else named(who),
                f"{grouped(row['numerator'])} of {grouped(row['denominator'])}",
                page.Cell(with_ends(row, percent), share=row["value"]),
                MISSING if ratio is None else decimal(ratio["value"]),
                page.Cell(
                    MISSING if parity is None else decimal(parity["value"]),
                    tone="warn" if below else "",
                ),
            ]
        )
    heads = ("<Group", "Documents", "Share that stays")
    against = ("Against all", "Against the group of its axis that keeps most")
    if not made:
        return
    if len(dots) > 1:
        yield _stays_figure(dots)
    yield page.table(
        "What stays of the documents that mention a group, with 95 % intervals",
        page.columns(*heads, *against),
        made,
        note=(
            "Against all: the share that stays, over that of all documents that are "
            "counted for the axis. Against "
            "the group of its axis that keeps most: the upper end of the interval of "
            "what stays of the group, over the greatest lower end on its axis, at "
            "most 1, so that chance alone lowers it seldom; below "
            f"{LEAST_PARITY:g} it is marked. It is told of axes of which two groups or "
            f"more have {FEW} documents."
        ),
    )
    if few:
        yield too_few(f"fewer than {FEW} documents", few)


def _stays_figure(dots: list[Whisker]) -> page.Figure:
    dots.sort(key=lambda dot: dot.value)
    what = "What stays of the documents that mention a group"
    caption = f"{what}, least first, with 95 % interval"
    return page.Figure(whiskers(dots[:_PLOTTED], what), caption)


def _all_of(axis: str | None) -> str:
    """All documents, or those in a language whose lexicon has an axis."""
    if axis is None:
        return "all documents"
    return f"all in languages with the axis {shorten(words_of(axis))}"


def name_blocks(data: ReportData) -> list[page.Block]:
    """Planted names that were found, by origin."""
    made: list[page.Row] = []
    ratios = by_group(data, "group.names_found_ratio")
    for row in data.slices.named("group.names_found"):
        ratio = ratios.get((row["axis"], row["group"]))
        marked = ratio is not None and (flagged(ratio) or low_ratio(ratio))
        made.append(
            [
                words_of(row["group"]),
                f"{grouped(row['numerator'])} of {grouped(row['denominator'])}",
                with_ends(row, percent),
                page.Cell(with_ends(ratio, decimal), tone="warn" if marked else ""),
            ]
        )
    if not made:
        return []
    said = (
        "Names of a hundred countries were put into English sentences and shown to "
        "the model of names. What is found is replaced: an origin with a higher share "
        "loses more names, and one with a lower share keeps more persons named. The "
        "names in the texts themselves are not looked at by origin."
    )
    table = page.table(
        "Planted names that were found, by where they come from, with 95 % intervals",
        page.columns("<Origin", "Names", "Found", "Against the others"),
        made,
        note=(
            f"Marked from {FLAGGED_RATIO:g} on and from {1 / FLAGGED_RATIO:g} down, if "
            "the interval does not reach 1."
        ),
    )
    return [page.Heading("Names by origin"), page.Paragraph(said), table]


def weight_blocks(data: ReportData) -> list[page.Block]:
    """Weights are a removal in part."""
    means = [r for r in data.slices.named("group.mean_weight") if r["group"]]
    if not means:
        return []
    made: list[page.Row] = []
    few, ratios = {}, by_group(data, "group.weight_ratio")
    for row in means:
        who = (row["axis"], row["group"])
        ratio = ratios.get(who)
        if ratio is None:
            few[who] = row
            continue
        tone: page.Tone = "warn" if low_ratio(ratio) else ""
        made.append(
            [
                named(who),
                grouped(row["denominator"]),
                with_ends(row, decimal),
                page.Cell(with_ends(ratio, decimal), tone=tone),
            ]
        )
    table = page.table(
        "Mean weight of the kept documents that mention a group, with 95 % intervals",
        page.columns("<Group", "Documents", "Mean weight", "Against the others"),
        made,
        note=f"Marked from {1 / FLAGGED_RATIO:g} down, if the interval is below 1.",
    )
    said = (
        "A document of weight 0.5 counts half: weights are a removal in part. They "
        "move shares of mentions to their targets, and whatever else stands in the "
        "same documents moves along."
    )
    blocks: list[page.Block] = [page.Heading("Balancing"), page.Paragraph(said), table]
    return [*blocks, too_few(f"fewer than {FEW} documents", few)] if few else blocks

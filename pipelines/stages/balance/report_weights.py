"""The weights as a whole: their spread, what else they move, and what was drawn."""

from __future__ import annotations

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.distributions import Bin, histogram
from isinglass.pipelines.report.text import MISSING, decimal, grouped, percent, shorten
from isinglass.schemas.weighting import DrawnDocuments, GroupUnderWeights, WeightSummary
from isinglass.transforms.statistics.intervals import FEW


def weight_blocks(weights: WeightSummary) -> list[page.Block]:
    """Histogram, spill-over on all axes, sources and languages, and what was drawn."""
    blocks: list[page.Block] = [page.Heading("The weights of all axes together")]
    if weights.histogram:
        bins = [Bin(*one) for one in weights.histogram]
        picture = histogram(bins, "Documents by weight", decimal)
        blocks.append(page.Figure(picture, "Documents by weight"))
    blocks.append(_statement(weights))
    if weights.drawn is not None:
        blocks.append(_drawn(weights.drawn))
    if weights.groups:
        blocks.append(_spill_over(weights.groups))
    if weights.slices:
        blocks.append(_slices(weights))
    return blocks


def _statement(weights: WeightSummary) -> page.Paragraph:
    what = "word" if weights.units == "tokens" else "document"
    text = (
        f"The mean weight of a {what} is {decimal(weights.mean, 4)}. The 1 % of "
        f"documents that weigh most carry {percent(weights.top_share)} of all weight; "
        f"the Kullback-Leibler divergence to equal weights is {decimal(weights.kl, 4)}."
    )
    if weights.effective_words is not None:
        text += f" Effective sample size {grouped(weights.effective_words)} words."
    return page.Paragraph(text)


def _drawn(drawn: DrawnDocuments) -> page.Paragraph:
    what = "Copies in all" if drawn.emit == "copies" else "Documents kept"
    text = (
        f"Column balance_{drawn.emit}, seed {drawn.seed}. {what}: "
        f"{grouped(drawn.documents)}; {grouped(drawn.expected)} were to be expected, "
        f"with a spread of {decimal(drawn.deviation, 1)} (z {decimal(drawn.z)})."
    )
    return page.Paragraph(text)


def _spill_over(groups: list[GroupUnderWeights]) -> page.Table:
    rows: list[page.Row] = []
    few: dict[str, list[GroupUnderWeights]] = {}
    for one in groups:
        if min(one.mentions, one.documents) < FEW:
            few.setdefault(one.axis, []).append(one)
            continue
        counts = (grouped(one.mentions), grouped(one.documents))
        shares = (percent(one.before), percent(one.after))
        effective = grouped(one.effective_documents)
        names = (shorten(one.axis), shorten(one.group))
        rows.append([*names, *counts, *shares, effective])
    for axis, rare in few.items():
        named = rare[0].group if len(rare) == 1 else f"{grouped(len(rare))} groups"
        mentions = grouped(sum(one.mentions for one in rare))
        unknown = [page.Cell("too few to say", tone="muted")] * 3
        rows.append([shorten(axis), shorten(named), mentions, MISSING, *unknown])
    heads = (
        "<Axis",
        "<Group",
        "Mentions",
        "Documents",
        "Share before",
        "Share after",
        "Effective documents",
    )
    return page.table(
        "What the weights do to the groups of all axes, balanced or not",
        page.columns(*heads),
        rows,
        note=(
            "Shares are of all mentions on the axis, the unsure ones too. Weights for "
            "one axis move others, for one document speaks of many. Effective "
            "documents: so many equal ones would tell as much as the weighted ones "
            "that mention the group. Groups with fewer than "
            f"{FEW} mentions or documents are taken together."
        ),
    )


def _slices(weights: WeightSummary) -> page.Table:
    rows = [
        [
            one.by,
            shorten(one.name),
            grouped(one.documents),
            decimal(one.mean_weight, 3),
            grouped(one.effective_documents),
        ]
        for one in weights.slices
    ]
    heads = ("<By", "<Name", "Documents", "Mean weight", "Effective documents")
    caption = "Weights by source and language"
    return page.table(caption, page.columns(*heads), rows)

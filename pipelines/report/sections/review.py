"""What a person said of a sample, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.blocks import (
    Block,
    Paragraph,
    Section,
    code,
    columns,
    table,
)
from isinglass.pipelines.report.text import MISSING, grouped, percent
from isinglass.pipelines.review.told import named

if TYPE_CHECKING:
    from isinglass.schemas.review import ReviewSummary


def interval(low: float, high: float) -> str:
    """A 95 % interval in percent."""
    return f"{percent(low)} to {percent(high)}"


def review_section(review: ReviewSummary) -> Section:
    """Each sample with its marks, and the recall in passages that were read."""
    counted = sum(one.right + one.wrong + one.unsure for one in review.judged)
    behind = sum(one.behind for one in review.judged)
    said = (
        f"There are {grouped(review.given)} marks in {review.marks} (SHA-256 "
        f"{review.sha256[:16]}…). {grouped(counted)} of them are on places of the "
        "random samples below, and no others are measured by. Each sample is a simple "
        "random one of the kind or reason that it is about, drawn by a keyed hash, up "
        f"to its first place without a mark; {grouped(behind)} marks lie behind one."
    )
    blocks: list[Block] = [Paragraph(said), _samples(review)]
    if review.recall:
        blocks.append(_recall(review))
    return Section("review", "Looked at by a person", tuple(blocks))


def _samples(review: ReviewSummary) -> Block:
    heads = ["<Of", "All", "Sample", "Right", "Wrong", "Unsure", "No mark"]
    heads += ["Not counted"]
    heads += ["Share right", "95 % interval"]
    return table(
        "Samples and their marks",
        columns(*heads),
        [
            [
                named(one),
                grouped(one.population),
                grouped(one.sampled),
                grouped(one.right),
                grouped(one.wrong),
                grouped(one.unsure),
                grouped(one.unmarked),
                grouped(one.behind),
                percent(one.share),
                MISSING if one.share is None else interval(one.low, one.high),
            ]
            for one in review.judged
        ],
        note="Of passages of kept texts, wrong means that something in it was missed. "
        "The share leaves out what is unsure or has no mark, and what is marked behind "
        "the first place without one. Intervals are of Wilson, "
        "as if the sample were of many more places than there are.",
    )


def _recall(review: ReviewSummary) -> Block:
    return table(
        "Recall in the passages that were read",
        columns("<Kind", "Passages", "Found", "Missed", "Recall", "95 % interval"),
        [
            [
                code(one.label),
                grouped(one.passages),
                grouped(one.found),
                grouped(one.missed),
                percent(one.recall),
                interval(one.low, one.high),
            ]
            for one in review.recall
        ],
        note="What was found counts as right unless its own mark says wrong. The "
        "interval takes the mentions of a passage as if found or missed together.",
    )

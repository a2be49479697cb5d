"""A concept erased from vectors: what is told of it before and after, and the cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.svg import Shift, shifts
from isinglass.pipelines.report.text import decimal, grouped, percent, share_of
from isinglass.pipelines.seam import Paper
from isinglass.schemas.config import RunConfig
from isinglass.schemas.encoding import ErasedGroup, LeaceSummary
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

ANCHOR, TITLE = "leace", "Concept erased from embeddings"
GUESS = 0.5


def section(data: ReportData) -> page.Section:
    """What probes tell before and after, and what erasing cost."""
    summary = data.manifest.leace
    if summary is None:
        why = "the configuration has no encode.erase_concept."
        if (data.part("encode") or {}).get("erase_concept") is not None:
            why = f"`isinglass {data.manifest.verb}` does not encode."
        return page.not_run(ANCHOR, TITLE, why)
    probed = [group for group in summary.groups if group.probed]
    blocks: list[page.Block] = [page.Paragraph(_introduction(summary))]
    if probed:
        blocks += [
            _picture(probed, "linear", "A linear probe"),
            _picture(probed, "nearest", "Nearest neighbours"),
        ]
    blocks += [_groups(summary), _facts(summary), *_associations(summary)]
    said = (
        f"{summary.axis} was erased from copies of {grouped(summary.rows)} vectors, "
        f"{grouped(summary.rank)} of {grouped(summary.dimensions)} dimensions; "
        f"{share_of(summary.neighbours_kept, summary.neighbours)} of the nearest "
        "neighbours stayed."
    )
    return page.Section(ANCHOR, TITLE, tuple(blocks), said=said)


def _introduction(summary: LeaceSummary) -> str:
    return (
        "embeddings_erased/ holds copies of the vectors from which LEACE took what a "
        f"linear predictor could tell mentions of {summary.axis} by. Over the vectors "
        "that it was fitted on that holds exactly; probes try it on vectors that it "
        "was not fitted on. It claims nothing of predictors that are not linear: "
        "nearest neighbours are one."
    )


def _picture(probed: Sequence[ErasedGroup], kind: str, what: str) -> page.Figure:
    rows = []
    for group in probed:
        of = group.probed or 1
        before, after = (
            getattr(group, f"{kind}_{when}") or 0 for when in ("before", "after")
        )
        low, high = wilson(after, of)
        rows.append(Shift(group.group, before / of, after / of, GUESS, (low, high)))
    caption = (
        f"{what}: share of held-out vectors told right, before (hollow) and after "
        "(full, with its 95 % interval); the stroke is a guess"
    )
    return page.Figure(shifts(rows, f"{what}, told right"), caption)


def _groups(summary: LeaceSummary) -> page.Table:
    rows = [
        [
            group.group,
            grouped(group.rows),
            "yes" if group.erased else "no: too few vectors with it, or without",
            grouped(group.probed),
            share_of(group.linear_before, group.probed),
            share_of(group.linear_after, group.probed),
            share_of(group.nearest_before, group.probed),
            share_of(group.nearest_after, group.probed),
        ]
        for group in summary.groups
    ]
    heads = page.columns(
        "<Group",
        "Vectors with a mention",
        "<Erased",
        "Probed",
        "Linear probe before",
        "After",
        "Neighbours before",
        "After",
    )
    note = (
        "Told right of held-out vectors, of which half mention the group: a guess is "
        "right for 50 %."
    )
    return page.table("What can be told", heads, rows, note=note)


def _facts(summary: LeaceSummary) -> page.Table:
    kept = share_of(summary.neighbours_kept, summary.neighbours)
    told = [
        ("vectors erased", grouped(summary.rows), "with a copy in embeddings_erased/"),
        (
            "fitted on",
            grouped(summary.fitted_on),
            "those in languages with a lexicon of the axis",
        ),
        ("held out for probes", grouped(summary.held_out), "drawn by document"),
        (
            "greatest covariance of a value with a mention",
            f"{summary.covariance_after:.1e}",
            f"before {summary.covariance_before:.1e}",
        ),
        (
            "variance taken",
            percent(summary.variance_taken, 2),
            "of that of the vectors",
        ),
        (
            "nearest neighbours that stayed",
            kept,
            "of the 10 nearest of sampled vectors, among those held out",
        ),
    ]
    heads = page.columns("<What", "Number", "<Note")
    return page.table("What was done", heads, told)


def _associations(summary: LeaceSummary) -> list[page.Block]:
    if not summary.associations:
        return []
    rows = [
        [one.test, one.title, decimal(one.before), decimal(one.after)]
        for one in summary.associations
    ]
    heads = page.columns("<Test", "<Words", "Effect before", "After")
    note = (
        "Effect sizes of WEAT in English sentences that say next to nothing, by the "
        "encoder of this run. Tests that are not about the axis show what went with "
        "it. An effect is a sign of bias; that there is none is no sign of its absence."
    )
    return [page.table("Associations of words", heads, rows, note=note)]


def paper(data: ReportData) -> Paper:
    """What the vectors beside the others are, and what they are not."""
    summary = data.manifest.leace
    if summary is None:
        return Paper()
    groups = ", ".join(group.group for group in summary.groups if group.erased)
    done = (
        "embeddings_erased/ holds copies of the vectors from which LEACE took what a "
        f"linear predictor could tell mentions of {summary.axis} by ({groups})."
    )
    limit = (
        f"What is not linear may still tell mentions of {summary.axis} from "
        "embeddings_erased/, and so may mentions that the lexicons miss."
    )
    return Paper(done=[done], limits=[limit])


def warns(
    config: RunConfig, told: Mapping[str, Any], statistics: Sequence[Statistic]
) -> list[str]:
    """An eraser that may not hold for other vectors, and groups that were left in."""
    del config, statistics
    summary: LeaceSummary | None = told.get("leace")
    if summary is None:
        return []
    said = []
    if summary.fitted_on < summary.dimensions:
        said.append(
            f"{summary.axis} was erased by {summary.fitted_on:,} vectors of "
            f"{summary.dimensions:,} dimensions: that holds for these vectors, and "
            "says little of others. Erase from more documents than a vector has "
            "dimensions."
        )
    left = [group.group for group in summary.groups if not group.erased]
    if left:
        said.append(
            f"{', '.join(left)} of {summary.axis}: not erased from the vectors, since "
            "too few mention it, or too few do not."
        )
    still = [group.group for group in summary.groups if _still_told(group)]
    if still:
        said.append(
            f"A linear probe still tells {', '.join(still)} from erased vectors that "
            "the eraser was not fitted on. Erase from more documents before it is used "
            "on others."
        )
    return said


def _still_told(group: ErasedGroup) -> bool:
    if not group.probed or group.linear_after is None:
        return False
    return wilson(group.linear_after, group.probed)[0] > GUESS

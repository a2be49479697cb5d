"""What deduplication misses, measured on edited copies of documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.svg import Whisker, whiskers
from isinglass.pipelines.report.text import MISSING, THIN_SPACE, grouped, percent
from isinglass.transforms.dedup.edits import EDITS
from isinglass.transforms.dedup.recall import (
    BY_EDIT,
    BY_SIMILARITY,
    CONTAINED,
    FALSE,
    MOST_MISSED,
    RECALL,
    slices,
)

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

MEANING = (
    "What this recall means: copies of sampled documents were edited in memory, and "
    "went through the bands and the exact comparison of this run. It says how surely a "
    "near-duplicate is met if one kept document and one copy of it are alike by that "
    "much; the interval is a Wilson interval at 95 %."
)
NOT_MEANING = (
    "What it does not mean: it says nothing of texts that say the same in other words, "
    "whose similarity lies below the threshold, and nothing of how many duplicates "
    "this corpus has."
)
NOT_MEASURED = (
    "Recall was not measured: dedup.canaries is off, or no sampled document was long "
    "enough to be edited."
)

_Key = tuple[str | None, str | None, str | None]


def recall_blocks(data: ReportData, threshold: float) -> list[page.Block]:
    """Recall by kind of edit and similarity, and copies that were removed wrongly."""
    rows: Mapping[_Key, Mapping[str, Any]] = {
        (row["axis"], row["group"], row["position"]): row
        for row in data.slices.named(RECALL)
    }
    if not rows:
        return [page.Paragraph(NOT_MEASURED, "muted")]
    names = [*slices(threshold), CONTAINED]
    names = [name for name in names if (BY_SIMILARITY, name, None) in rows]
    lines = [
        [
            edit,
            *(_cell(rows.get((BY_EDIT, edit, name))) for name in names),
            *_whole(rows.get((BY_EDIT, edit, None))),
        ]
        for edit in EDITS
    ]
    total: page.Row = [
        "all",
        *(_cell(rows[BY_SIMILARITY, name, None]) for name in names),
        *_whole(rows[None, None, None]),
    ]
    made = page.table(
        "Edited copies that this run would remove, by kind of edit and similarity",
        page.columns("<Edit", *names, "All", "Recall", "95 % interval"),
        lines,
        total,
        note=_false_removals(data),
    )
    dots = [
        Whisker(edit, row["value"], row["low"], row["high"])
        for edit in EDITS
        if (row := rows.get((BY_EDIT, edit, None))) is not None
    ]
    caption = "Edited copies that would be found, by kind of edit, with 95 % interval"
    return [
        page.Figure(whiskers(dots, "Copies found"), caption),
        made,
        page.Paragraph(MEANING),
        page.Paragraph(NOT_MEANING),
    ]


def _cell(row: Mapping[str, Any] | None) -> page.Cell | str:
    if row is None:
        return MISSING
    removed, copies = int(row["numerator"]), int(row["denominator"])
    text = f"{grouped(removed)}{THIN_SPACE}/{THIN_SPACE}{grouped(copies)}"
    share = removed / copies if copies else None
    missed = removed < (1 - MOST_MISSED) * copies
    return page.Cell(text, tone="warn" if missed else "", share=share)


def _whole(row: Mapping[str, Any] | None) -> page.Row:
    if row is None:
        return [MISSING] * 3
    interval = f"{percent(row['low'])} to {percent(row['high'])}"
    return [_cell(row), percent(row["value"]), interval]


def _false_removals(data: ReportData) -> str:
    whole = [row for row in data.slices.named(FALSE) if row["group"] is None]
    removed, copies = (
        sum(int(row[name]) for row in whole) for name in ("numerator", "denominator")
    )
    return (
        f"Of {grouped(copies)} copies that are less alike, {grouped(removed)} would be "
        "removed; it must be none."
    )

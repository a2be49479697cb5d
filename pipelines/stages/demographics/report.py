"""Mentions of groups before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import MISSING, grouped, percent, shorten

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

ANCHOR, TITLE = "demographics", "Demographic mentions and balance"
CAVEAT = (
    "These numbers count words of a lexicon: pronouns and nouns that speak of a "
    "gender, and the like. They do not measure who wrote a text, who people are, how "
    "they are described, or what a model will make of it. People who are named but "
    "not referred to by such words are not counted, and a word may be used of no "
    "person at all."
)
_SHARES = ("group.document_share", "group.mention_share")


def section(data: ReportData) -> page.Section:
    """Shares by group."""
    shares = _rows(data, _SHARES)
    if not shares:
        why = "no mentions were counted and no weights computed."
        return page.not_run(ANCHOR, TITLE, why)
    blocks: list[page.Block] = [page.Paragraph(CAVEAT), _share_table(data, shares)]
    return page.Section(ANCHOR, TITLE, (*blocks, *coverage(data)))


def counted(data: ReportData) -> bool:
    """Whether there is anything to say of mentions."""
    return bool(_rows(data, _SHARES))


def _rows(data: ReportData, metrics: Iterable[str]) -> list[Mapping[str, Any]]:
    return [row for name in metrics for row in data.slices.named(name)]


def _over_everything(row: Mapping[str, Any]) -> bool:
    return row["language"] is None and row["source"] is None


def _share_table(data: ReportData, rows: list[Mapping[str, Any]]) -> page.Table:
    whole = filter(_over_everything, rows)
    made: list[page.Row] = []
    for axis, group in sorted({(row["axis"], row["group"]) for row in whole}):
        found = [
            data.slices.find(metric, stage, axis=axis, group=group)
            for metric in _SHARES
            for stage in ("input", "output")
        ]
        made.append([shorten(axis), shorten(group), *map(_share_cell, found)])
    documents, mentions = (
        (f"Of {what} in", f"Of {what} out") for what in ("documents", "mentions")
    )
    return page.table(
        "Group shares before and after deduplication and filters, without weights",
        page.columns("<Axis", "<Group", *documents, *mentions),
        made,
        note=(
            "Of documents: those that mention the group. One may mention several, so "
            "these shares overlap. Of mentions: the group's part of all on its axis."
        ),
    )


def _share_cell(row: Mapping[str, Any] | None) -> str:
    return MISSING if row is None else f"{percent(row['value'])} ({_counts(row)})"


def _counts(row: Mapping[str, Any]) -> str:
    return f"{grouped(row['numerator'])} of {grouped(row['denominator'])}"


def coverage(data: ReportData) -> list[page.Block]:
    """In how many documents an axis is mentioned at all; empty if unknown."""
    lines = [
        f"{shorten(row['axis'])}, {row['stage']}: {_share_cell(row)}"
        for row in data.slices.named("axis.coverage")
        if _over_everything(row)
    ]
    if not lines:
        return []
    text = f"Documents that mention the axis at all: {'; '.join(lines)}."
    return [page.Paragraph(text)]

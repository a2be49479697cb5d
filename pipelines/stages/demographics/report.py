"""Mentions of groups before and after, and who was removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import MISSING, decimal, grouped, percent, shorten
from isinglass.pipelines.stages.demographics.report_terms import term_blocks

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
_RETENTION = {
    "group.retention": "share that stays",
    "group.retention_ratio": "share that stays, against that of all documents",
    "group.retention_parity": "share that stays, against the group that fares best",
    "group.removed_share": "share removed",
    "group.removal_ratio": "share removed, against that of the other documents",
}
"""Metrics of `transforms.demographics.groups` and what they say."""

_FLAGGED_RATIO = 1.25
"""Counterpart of the four-fifths rule for shares removed (1 / 0.8)."""

LEAST_PARITY = 0.8
"""The four-fifths rule (29 CFR 1607.4 D), for shares that stay."""


def section(data: ReportData) -> page.Section:
    """Shares, and retention by group."""
    shares, retention = _rows(data, _SHARES), _rows(data, _RETENTION)
    if not shares and not retention:
        why = "no mentions were counted and no weights computed."
        return page.not_run(ANCHOR, TITLE, why)
    blocks: list[page.Block] = [page.Paragraph(CAVEAT)]
    if shares:
        blocks.append(_share_table(data, shares))
    blocks += [*coverage(data), *term_blocks(data)]
    if retention:
        blocks += [page.Heading("Who was removed"), _retention_table(retention)]
    return page.Section(ANCHOR, TITLE, tuple(blocks))


def counted(data: ReportData) -> bool:
    """Whether there is anything to say of mentions."""
    return bool(_rows(data, (*_SHARES, *_RETENTION)))


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


def _retention_table(rows: list[Mapping[str, Any]]) -> page.Table:
    made: list[page.Row] = []
    for row in rows:
        who = (row[name] for name in ("axis", "group", "language", "source", "reason"))
        label = ", ".join(shorten(part) for part in who if part is not None)
        is_share = row["unit"].startswith("share")
        show = percent if is_share else decimal
        low, high = row["low"], row["high"]
        between = MISSING if low is None else f"{show(low)} to {show(high)}"
        removal = row["metric"] == "group.removal_ratio" and low is not None
        flagged = removal and low > 1.0 and row["value"] >= _FLAGGED_RATIO
        if row["metric"] == "group.retention_parity":
            if row["value"] >= 1.0:
                continue
            flagged = row["value"] < LEAST_PARITY
        value = page.Cell(show(row["value"]), tone="warn" if flagged else "")
        counts = _counts(row) if is_share else MISSING
        measure = _RETENTION[row["metric"]]
        made.append([label or "all documents", measure, value, between, counts])
    return page.table(
        "Retention by group, with 95 % intervals",
        page.columns("<Group", "<Measure", "Value", "95 % interval", "Documents"),
        made,
        note=(
            f"A ratio is marked from {_FLAGGED_RATIO:g} on if its whole interval lies "
            "above 1: the group lost clearly more than the rest. Against the group "
            "of its axis that fares best, the ends of the intervals are compared that "
            f"lie nearest to each other; below {LEAST_PARITY:g} it is marked."
        ),
    )

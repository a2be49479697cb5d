"""Mentions of groups before and after, and what is written beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.svg import Shift, shifts
from isinglass.pipelines.report.text import (
    MISSING,
    decimal,
    grouped,
    number_of,
    percent,
    shorten,
    words_of,
)
from isinglass.pipelines.stages.demographics.report_beside import beside
from isinglass.pipelines.stages.demographics.report_terms import term_blocks
from isinglass.transforms.statistics.intervals import FEW

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

ANCHOR, TITLE = "demographics", "Demographic mentions and balance"
CAVEAT = (
    "These numbers count words of lexicons that speak of groups of people, and of "
    "ambiguous words those that the words around them tell to be meant so. Every share "
    "says what it is of, and its interval is of whole documents. They do not measure "
    "who wrote a text, who people are, how they are described, or what a model will "
    "make of it. People who are named but not referred to by such words are not "
    "counted, and a word may be used of no person at all."
)
_SHARES = ("group.document_share", "group.mention_share")
_PLOTTED, _SOURCES, _NAMED = 12, 12, 40
_FEW_GROUPS = 3
"""Groups of an axis up to which one of them is shown by source."""

Row = Mapping[str, Any]
_Key = tuple[str, str, str | None, str | None]


class _Told(NamedTuple):
    """Rows of the statistics by metric, stage, axis, group, source and language."""

    rows: dict[tuple[str, ...], Row]

    @classmethod
    def of(cls, data: ReportData) -> _Told:
        metrics = (
            *_SHARES,
            "axis.coverage",
            "group.mentions_per_thousand_words",
            "group.concentration",
        )
        rows = (row for name in metrics for row in data.slices.named(name))
        return cls({_place(row): row for row in rows})

    def find(
        self, metric: str, stage: str, axis: str, group: str = "", **by: str
    ) -> Row | None:
        """The row of a slice."""
        source, language = by.get("source", ""), by.get("language", "")
        return self.rows.get((metric, stage, axis, group, source, language))

    def groups(self, axis: str) -> list[str]:
        """Groups of an axis that are mentioned, most documents first."""
        found = {
            row["group"]: row["numerator"] or 0
            for row in self.rows.values()
            if row["metric"] == "group.document_share"
            and row["axis"] == axis
            and not row["source"]
            and not row["language"]
        }
        return sorted(found, key=lambda group: (-found[group], group))

    def axes(self) -> list[str]:
        """Axes of which something is told."""
        return sorted({key[2] for key in self.rows})

    def sources(self, axis: str, group: str) -> list[str]:
        """Sources in which a group is compared, largest first."""
        found = {
            key[4]: row["denominator"]
            for key, row in self.rows.items()
            if key[:4] == ("group.mention_share", "output", axis, group) and key[4]
        }
        return sorted(found, key=lambda name: (-found[name], name))[:_SOURCES]


def _place(row: Row) -> tuple[str, ...]:
    names = ("axis", "group", "source", "language")
    return (row["metric"], row["stage"], *(row[name] or "" for name in names))


def section(data: ReportData) -> page.Section:
    """Shares by axis and source, and what is written beside groups."""
    told = _Told.of(data)
    if not counted(data):
        why = "no mentions were counted and no weights computed."
        return page.not_run(ANCHOR, TITLE, why)
    blocks: list[page.Block] = [page.Paragraph(CAVEAT), *coverage(data)]
    for axis in told.axes():
        blocks += _axis_blocks(told, axis)
    blocks += [*term_blocks(data), *beside(data)]
    return page.Section(ANCHOR, TITLE, tuple(blocks))


def _named(identifier: str) -> str:
    """An axis or group as words; a lexicon of somebody else's may say anything."""
    return shorten(words_of(identifier))


def counted(data: ReportData) -> bool:
    """Whether there is anything to say of mentions."""
    return any(data.slices.named(name) for name in _SHARES)


def _axis_blocks(told: _Told, axis: str) -> list[page.Block]:
    groups = told.groups(axis)
    if not groups:
        return []
    enough = [group for group in groups if _documents(told, axis, group) >= FEW]
    few = [group for group in groups if group not in enough]
    blocks: list[page.Block] = [page.Heading(_named(axis).capitalize())]
    shown = enough[:_PLOTTED]
    if shown:
        rows = [_shift(told, axis, group, _named(group)) for group in shown]
        blocks.append(
            page.Figure(
                shifts(
                    [row for row in rows if row], f"Mentions on the axis {_named(axis)}"
                ),
                f"Of the mentions of the axis {_named(axis)}, those of each group: "
                "hollow dot in what came in, full dot with its 95 % interval in what "
                f"was kept{_more(len(enough) - len(shown))}",
            )
        )
    if few:
        named = ", ".join(_named(group) for group in sorted(few)[:_NAMED])
        more = f" and {len(few) - _NAMED} more" if len(few) > _NAMED else ""
        text = f"Too few to say (under {FEW} documents): {named}{more}."
        blocks.append(page.Paragraph(text, "muted"))
    if shown and len(enough) <= _FEW_GROUPS:
        blocks += _by_source(told, axis, shown[-1])
    return [*blocks, _share_fold(told, axis, groups)]


def _more(left_out: int) -> str:
    return (
        f". {number_of(left_out, 'more group')} stand in the table"
        if left_out > 0
        else ""
    )


def _documents(told: _Told, axis: str, group: str, stage: str = "output") -> int:
    row = told.find("group.document_share", stage, axis, group)
    return int(row["numerator"] or 0) if row else 0


def _shift(told: _Told, axis: str, group: str, label: str, **by: str) -> Shift | None:
    before, after = (
        told.find("group.mention_share", stage, axis, group, **by)
        for stage in ("input", "output")
    )
    if after is None:
        return None
    first = after["value"] if before is None else before["value"]
    interval = None if after["low"] is None else (after["low"], after["high"])
    return Shift(label, first, after["value"], None, interval)


def _by_source(told: _Told, axis: str, group: str) -> list[page.Block]:
    """One group of an axis in each source that mentions it often enough."""
    rows = []
    for source in told.sources(axis, group):
        documents = told.find(
            "group.document_share", "output", axis, group, source=source
        )
        if documents is not None and documents["numerator"] >= FEW:
            rows.append(_shift(told, axis, group, shorten(source), source=source))
    shown = [row for row in rows if row is not None]
    if len(shown) < 2:  # noqa: PLR2004 - nothing to compare
        return []
    what = f"{_named(group).capitalize()}, of the mentions of the axis, by source"
    caption = f"{what}: sources with {FEW} documents of the group or more"
    return [page.Figure(shifts(shown, what), caption)]


def _share_fold(told: _Told, axis: str, groups: Sequence[str]) -> page.Fold:
    made: list[page.Row] = []
    for group in groups:
        cells = [
            _share_cell(
                told.find(metric, stage, axis, group),
                few=_documents(told, axis, group, stage) < FEW,
            )
            for metric in _SHARES
            for stage in ("input", "output")
        ]
        rate = told.find("group.mentions_per_thousand_words", "output", axis, group)
        top = told.find("group.concentration", "output", axis, group)
        few = _documents(told, axis, group) < FEW
        rates = "too few to say" if few else _between(rate)
        made.append([_named(group), *cells, rates, _share_cell(top)])
    documents, mentions = (
        (f"Of {what} in", f"Of {what} out") for what in ("documents", "mentions")
    )
    heads = (
        "<Group",
        *documents,
        *mentions,
        "In 1,000 words out",
        "In 1 % of documents",
    )
    return page.Fold(
        f"All groups of the axis {_named(axis)}",
        page.table(
            "Group shares before and after deduplication and filters, without weights",
            page.columns(*heads),
            made,
            note=(
                "Of documents: those that mention the group. One may mention several, "
                "so these shares overlap. Of mentions: the group's part of all on its "
                "axis. In 1 % of documents: of the group's mentions, those in the "
                "hundredth of its documents with most."
            ),
        ),
    )


def _between(row: Row | None) -> str:
    if row is None or row["low"] is None:
        return MISSING
    low, high = decimal(row["low"]), decimal(row["high"])
    return f"{decimal(row['value'])} ({low} to {high})"


def _share_cell(row: Row | None, *, few: bool = False) -> str:
    if row is None:
        return MISSING
    return f"{'too few to say' if few else percent(row['value'])} ({_counts(row)})"


def _counts(row: Row) -> str:
    return f"{grouped(row['numerator'])} of {grouped(row['denominator'])}"


def coverage(data: ReportData) -> list[page.Block]:
    """In how many documents an axis is mentioned at all; empty if unknown."""
    lines = [
        f"{_named(row['axis'])}: {_share_cell(row)}"
        for row in data.slices.named("axis.coverage")
        if row["language"] is None
        and row["source"] is None
        and row["stage"] == "output"
    ]
    if not lines:
        return []
    text = f"Kept documents that mention the axis at all: {'; '.join(lines)}."
    return [page.Paragraph(text), *_not_measured(data)]


def _not_measured(data: ReportData) -> list[page.Block]:
    """Documents in languages whose lexicon does not have an axis."""
    left = {
        row["axis"]: row["denominator"] - row["numerator"]
        for row in data.slices.named("lexicon.coverage")
        if row["axis"] and row["stage"] == "output"
        if row["language"] is None and row["source"] is None
    }
    lines = [f"{_named(axis)}: {grouped(n)}" for axis, n in left.items() if n]
    if not lines:
        return []
    text = (
        "Kept documents that are in no share of an axis, since no lexicon of their "
        f"language has it: {'; '.join(lines)}."
    )
    return [page.Paragraph(text)]

"""Who is lost: what stays of each group, and a forest plot of each kind of loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.svg import Ratio, forest
from isinglass.pipelines.report.text import (
    MISSING,
    decimal,
    grouped,
    number_of,
    percent,
    words_of,
)
from isinglass.pipelines.stages.retention.meaning import Loss, title_of, what_it_is
from isinglass.pipelines.stages.retention.report_beside import (
    name_blocks,
    stays_blocks,
    weight_blocks,
)
from isinglass.pipelines.stages.retention.rows import (
    Row,
    Who,
    flagged,
    named,
    some_of,
    with_ends,
)
from isinglass.transforms.retention.audit import FEW_LOST, FLAGGED_RATIO
from isinglass.transforms.retention.dialect import GROUP
from isinglass.transforms.statistics.intervals import FEW

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

ANCHOR, TITLE = "retention", "Who is lost"

_MOST_PLOTTED = 12

_MEASURED = (
    "For each reason for which documents were removed, and each stage that cut "
    "something out of documents, those that mention a group are held against those "
    "that do not: the ratio of the shares lost, among documents of one language and of "
    "about equal length (ten classes of each language, pooled as by Mantel and "
    "Haenszel), with its 95 % interval. Where none of the others was lost, half a "
    "document more is taken on either side (Walter 1975), so that there is a ratio. A "
    "group "
    f"is flagged from {FLAGGED_RATIO:g} on if the whole interval lies above 1: it "
    "loses at least a quarter more than the others, and hardly by chance."
)
_NOT_MEASURED = (
    "It is not measured who wrote a text, whom it is about, or whether it was right to "
    "take it out: of a text that stands there a hundred times all but one go, whomever "
    "it mentions. Documents without words of the lexicon count among the others, those "
    "in a language whose lexicon does not have the axis are left out, and where many "
    "groups are compared a few are flagged by chance."
)

_PICTURES = (
    "In the pictures, 2 says that documents that mention the group are lost twice as "
    "often as others of about equal length, and the full line that they are lost as "
    f"often. The dashed line stands at {FLAGGED_RATIO:g}."
)

_DIALECT = (
    "Documents of the group aae (dialect) are those in English that read like "
    "African-American English by the model that the configuration names; they are "
    "held against the other documents in English, and counted in sums alone."
)


class _Names(NamedTuple):
    """Metrics of a kind of loss: share, crude ratio, adjusted ratio."""

    share: str
    crude: str
    adjusted: str


_REMOVED = _Names(
    "group.removed_share", "group.removal_ratio", "group.adjusted_removal_ratio"
)
_CUT = _Names("group.cut_share", "group.cut_ratio", "group.adjusted_cut_ratio")


@dataclass
class _Lost:
    """What the statistics tell of one loss, by axis and group; `whole` by axis."""

    whole: dict[str, Row] = field(default_factory=dict)
    shares: dict[Who, Row] = field(default_factory=dict)
    crude: dict[Who, Row] = field(default_factory=dict)
    adjusted: dict[Who, Row] = field(default_factory=dict)
    characters: dict[Who | None, Row] = field(default_factory=dict)

    def shown(self) -> list[Who]:
        """Groups to speak of: flagged ones first, then by how much they lose."""
        rows = self.adjusted
        return sorted(rows, key=lambda w: (not flagged(rows[w]), -rows[w]["value"], w))

    def flagged(self) -> list[Who]:
        """Groups that lose clearly more."""
        return [who for who in self.shown() if flagged(self.adjusted[who])]

    def apart(self) -> list[Who]:
        """Groups that lost something, and have no ratio at equal length."""
        rows = [w for w in self.shares if self.shares[w]["numerator"]]
        low = {who: row["low"] for who, row in self.crude.items()}
        found = [who for who in rows if who not in self.adjusted]
        return sorted(found, key=lambda who: (-low.get(who, 0.0), who))

    def others(self, who: Who) -> tuple[int, int] | None:
        """Documents of the axis that do not mention a group: lost, and all."""
        if who[0] not in self.whole:
            return None
        whole, own = self.whole[who[0]], self.shares[who]
        lost, every = (whole[n] - own[n] for n in ("numerator", "denominator"))
        return int(lost), int(every)


def section(data: ReportData) -> page.Section:
    """What stays, then each loss: those with flagged groups first."""
    stays = data.slices.named("group.retention")
    losses = _losses(data)
    if not stays and not losses:
        return page.not_run(ANCHOR, TITLE, "no mentions of groups were counted.")
    ordered = sorted(losses, key=lambda loss: (not losses[loss].flagged(), loss))
    verdict = _verdict({loss: losses[loss] for loss in ordered})
    blocks: list[page.Block] = [
        page.Paragraph(_MEASURED),
        page.Paragraph(_NOT_MEASURED),
        verdict,
        *_unsaid({loss: losses[loss] for loss in ordered}),
    ]
    if any(GROUP in lost.shares for lost in losses.values()):
        blocks.append(page.Paragraph(_DIALECT))
    blocks += stays_blocks(data, stays)
    if any(lost.adjusted for lost in losses.values()):
        blocks.append(page.Paragraph(_PICTURES))
    for loss in ordered:
        blocks += _loss_blocks(data, loss, losses[loss])
    blocks += [*name_blocks(data), *weight_blocks(data)]
    said = "" if verdict.tone else verdict.text
    return page.Section(ANCHOR, TITLE, tuple(blocks), said=said)


def _losses(data: ReportData) -> dict[Loss, _Lost]:
    found: dict[Loss, _Lost] = {}
    for cuts, names in ((False, _REMOVED), (True, _CUT)):
        for part, metric in zip(("shares", "crude", "adjusted"), names, strict=True):
            for row in data.slices.named(metric):
                lost = found.setdefault(_loss_of(row, cuts=cuts), _Lost())
                if row["group"] is None:
                    lost.whole[row["axis"]] = row
                else:
                    getattr(lost, part)[row["axis"], row["group"]] = row
    for row in data.slices.named("group.cut_characters"):
        who = None if row["group"] is None else (row["axis"], row["group"])
        found.setdefault(_loss_of(row, cuts=True), _Lost()).characters[who] = row
    return found


def _loss_of(row: Row, *, cuts: bool) -> Loss:
    return Loss(cuts, row["reason"] or "", row["entity"] or "")


def _verdict(losses: Mapping[Loss, _Lost]) -> page.Paragraph:
    told = [
        f"{named(who)} ({title_of(loss)}: {decimal(lost.adjusted[who]['value'])})"
        for loss, lost in losses.items()
        for who in lost.flagged()
    ]
    if told:
        return page.Paragraph(f"Flagged: {some_of(told)}.", "warn")
    known = sum(len(lost.adjusted) for lost in losses.values())
    return page.Paragraph(
        f"No group is flagged; {number_of(known, 'comparison')} could be made."
    )


def _unsaid(losses: Mapping[Loss, _Lost]) -> Iterator[page.Block]:
    """Groups that may lose more, and cannot be flagged; of few nothing is said."""
    told = [
        f"{named(who)} ({title_of(loss)}: {_why_apart(lost, who)})"
        for loss, lost in losses.items()
        for who in lost.apart()
        if who in lost.crude and flagged(lost.crude[who])
        if lost.shares[who]["denominator"] >= FEW
    ]
    if told:
        text = (
            f"Lost clearly more by the plain ratio, and not flagged: {some_of(told)}."
        )
        yield page.Paragraph(text, "warn")


def _loss_blocks(data: ReportData, loss: Loss, lost: _Lost) -> Iterator[page.Block]:
    yield page.Heading(title_of(loss))
    yield page.Paragraph(what_it_is(data, loss))
    shown = lost.shown()
    if shown:
        plotted = shown[:_MOST_PLOTTED]
        rows = [_ratio(who, lost.adjusted[who]) for who in plotted]
        more = len(shown) - len(plotted)
        rest = f"; {grouped(more)} more are in the table" if more else ""
        caption = f"Ratio at equal length, with its 95 % interval{rest}"
        yield page.Figure(forest(rows, FLAGGED_RATIO), caption)
    untouched = [named(who) for who in lost.shares if not lost.shares[who]["numerator"]]
    if untouched:
        text = f"Nothing was lost of: {some_of(untouched)}."
        yield page.Paragraph(text, "muted")
    if lost.apart():
        yield page.Fold("Groups without a ratio at equal length", _apart_table(lost))
    if shown:
        yield page.Fold("The numbers", _loss_table(loss, lost))


def _ratio(who: Who, row: Row) -> Ratio:
    label, marked = words_of(who[1]), flagged(row)
    return Ratio(label, row["value"], row["low"], row["high"], marked)


def _loss_table(loss: Loss, lost: _Lost) -> page.Table:
    made: list[page.Row] = []
    for who in lost.shown():
        share, adjusted = lost.shares[who], lost.adjusted[who]
        tone: page.Tone = "warn" if flagged(adjusted) else ""
        row: page.Row = [
            named(who),
            *_counts(lost, who),
            with_ends(share, percent),
            with_ends(lost.crude.get(who), decimal),
            page.Cell(with_ends(adjusted, decimal), tone=tone),
        ]
        cut = [with_ends(lost.characters.get(who), _fine)] if loss.cuts else []
        made.append([*row, *cut])
    heads = ["<Group", "Documents", "Others", "Share", "Ratio", "Ratio at equal length"]
    heads += ["Of a document's characters"] if loss.cuts else []
    return page.table(
        "Documents that mention a group and were "
        f"{'cut' if loss.cuts else 'removed'}, and the share against the others, with "
        "95 % intervals",
        page.columns(*heads),
        made,
        note=_characters_note(lost) if loss.cuts else "",
    )


def _counts(lost: _Lost, who: Who) -> tuple[str, str]:
    """Lost documents of a group and of the others, each of how many."""
    row, others = lost.shares[who], lost.others(who)
    own = f"{grouped(row['numerator'])} of {grouped(row['denominator'])}"
    if others is None:
        return own, MISSING
    return own, f"{grouped(others[0])} of {grouped(others[1])}"


def _why_apart(lost: _Lost, who: Who) -> str:
    """Why a group has no ratio at equal length."""
    row, others = lost.shares[who], lost.others(who)
    if row["denominator"] < FEW:
        return f"fewer than {FEW} documents"
    if row["numerator"] < FEW_LOST:
        return f"fewer than {FEW_LOST} lost"
    if others is not None and not others[1]:
        return "no other documents"
    return "no others of the language and length of those that were lost"


def _apart_table(lost: _Lost) -> page.Table:
    made: list[page.Row] = []
    for who in lost.apart():
        crude = lost.crude.get(who)
        marked = crude is not None and flagged(crude)
        ratio = page.Cell(with_ends(crude, decimal), tone="warn" if marked else "")
        made.append([named(who), *_counts(lost, who), ratio, _why_apart(lost, who)])
    return page.table(
        "Documents that mention a group and were lost, without a ratio at equal length",
        page.columns("<Group", "Documents", "Others", "Ratio", "<Why"),
        made,
        note="The plain ratio is of all languages and lengths.",
    )


def _characters_note(lost: _Lost) -> str:
    row = lost.characters.get(None)
    if row is None:
        return ""
    mean = with_ends(row, _fine)
    return f"Of the characters of any kept document {mean} were cut on average."


def _fine(share: float) -> str:
    return percent(share, 2)

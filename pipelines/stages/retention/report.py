"""Who is lost: what stays of each group, and a forest plot of each kind of loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.svg import Ratio, forest
from isinglass.pipelines.report.text import (
    MISSING,
    decimal,
    grouped,
    percent,
    shorten,
    words_of,
)
from isinglass.pipelines.stages.retention.meaning import Loss, title_of, what_it_is
from isinglass.transforms.retention.audit import FEW, FEW_LOST, FLAGGED_RATIO

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

ANCHOR, TITLE = "retention", "Who is lost"

LEAST_PARITY = 0.8
"""The four-fifths rule (29 CFR 1607.4 D), for shares that stay."""

_MOST_PLOTTED, _MOST_NAMED = 12, 12

_MEASURED = (
    "For each reason for which documents were removed, and each stage that cut "
    "something out of documents, those that mention a group are held against those "
    "that do not: the ratio of the shares lost, among documents of about equal length "
    "(ten classes, pooled as by Mantel and Haenszel), with its 95 % interval. A group "
    f"is flagged from {FLAGGED_RATIO:g} on if the whole interval lies above 1: it "
    "loses at least a quarter more than the others, and hardly by chance."
)
_NOT_MEASURED = (
    "It is not measured who wrote a text, whom it is about, or whether it was right to "
    "take it out: of a text that stands there a hundred times all but one go, whomever "
    "it mentions. Documents without words of the lexicon count among the others, those "
    "in a language without one are left out, and where many groups are compared a few "
    "are flagged by chance."
)

Row = Mapping[str, Any]
Who = tuple[str, str]


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
    """What the statistics tell of one loss, by axis and group."""

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


def flagged(row: Row) -> bool:
    """Whether an adjusted ratio is high, and not by chance."""
    return row["value"] >= FLAGGED_RATIO and row["low"] > 1.0


def section(data: ReportData) -> page.Section:
    """What stays, then each loss: those with flagged groups first."""
    stays = data.slices.named("group.retention")
    losses = _losses(data)
    if not stays and not losses:
        return page.not_run(ANCHOR, TITLE, "no mentions of groups were counted.")
    ordered = sorted(losses, key=lambda loss: (not losses[loss].flagged(), loss))
    blocks: list[page.Block] = [
        page.Paragraph(_MEASURED),
        page.Paragraph(_NOT_MEASURED),
        _verdict({loss: losses[loss] for loss in ordered}),
    ]
    if stays:
        blocks.append(_stays_table(data, stays))
    for loss in ordered:
        blocks += _loss_blocks(data, loss, losses[loss])
    return page.Section(ANCHOR, TITLE, (*blocks, *_names(data), *_weights(data)))


def _losses(data: ReportData) -> dict[Loss, _Lost]:
    found: dict[Loss, _Lost] = {}
    for cuts, names in ((False, _REMOVED), (True, _CUT)):
        for part, metric in zip(("shares", "crude", "adjusted"), names, strict=True):
            for row in data.slices.named(metric):
                lost = found.setdefault(_loss_of(row, cuts=cuts), _Lost())
                getattr(lost, part)[row["axis"], row["group"]] = row
    for row in data.slices.named("group.cut_characters"):
        who = None if row["group"] is None else (row["axis"], row["group"])
        found.setdefault(_loss_of(row, cuts=True), _Lost()).characters[who] = row
    return found


def _loss_of(row: Row, *, cuts: bool) -> Loss:
    return Loss(cuts, row["reason"] or "", row["entity"] or "")


def _verdict(losses: Mapping[Loss, _Lost]) -> page.Paragraph:
    told = [
        f"{_named(who)} ({title_of(loss)}: {decimal(lost.adjusted[who]['value'])})"
        for loss, lost in losses.items()
        for who in lost.flagged()
    ]
    if told:
        return page.Paragraph(f"Flagged: {_some(told)}.", "warn")
    known = sum(len(lost.adjusted) for lost in losses.values())
    return page.Paragraph(
        f"No group is flagged; {grouped(known)} comparisons could be made."
    )


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    rest = f" and {grouped(more)} more" if more > 0 else ""
    return ", ".join(names[:_MOST_NAMED]) + rest


def _named(who: Who) -> str:
    axis, group = (words_of(part) for part in who)
    return shorten(f"{group} ({axis})")


def _stays_table(data: ReportData, rows: Iterable[Row]) -> page.Table:
    made: list[page.Row] = []
    ratios, parities = (
        _by_group(data, f"group.retention_{name}") for name in ("ratio", "parity")
    )
    for row in rows:
        who, whole = (row["axis"], row["group"]), row["group"] is None
        ratio, parity = ratios.get(who), parities.get(who)
        below = parity is not None and parity["value"] < LEAST_PARITY
        made.append(
            [
                "all documents" if whole else _named(who),
                f"{grouped(row['numerator'])} of {grouped(row['denominator'])}",
                percent(row["value"]),
                _between(row, percent),
                MISSING if ratio is None else decimal(ratio["value"]),
                page.Cell(
                    MISSING if parity is None else decimal(parity["value"]),
                    tone="warn" if below else "",
                ),
            ]
        )
    heads = ("<Group", "Documents", "Share that stays", "95 % interval")
    against = ("Against all", "Against the best of its axis")
    return page.table(
        "What stays of the documents that mention a group",
        page.columns(*heads, *against),
        made,
        note=(
            "Against the group of its axis that fares best, the ends of the intervals "
            "are compared that lie nearest to each other, and those of fewer than "
            f"{FEW} documents are not; below {LEAST_PARITY:g} it is marked."
        ),
    )


def _by_group(data: ReportData, metric: str) -> dict[Who, Row]:
    return {(row["axis"], row["group"]): row for row in data.slices.named(metric)}


def _between(row: Row | None, show: Any) -> str:
    if row is None or row["low"] is None:
        return MISSING
    return f"{show(row['low'])} to {show(row['high'])}"


def _loss_blocks(data: ReportData, loss: Loss, lost: _Lost) -> Iterator[page.Block]:
    yield page.Heading(title_of(loss))
    yield page.Paragraph(what_it_is(data, loss))
    shown = lost.shown()
    if shown:
        plotted = shown[:_MOST_PLOTTED]
        rows = [_ratio(who, lost.adjusted[who]) for who in plotted]
        more = len(shown) - len(plotted)
        rest = f" {grouped(more)} more are in the table." if more else ""
        caption = (
            "How much more often a document that mentions the group is lost than "
            "another one of about equal length: dot and 95 % interval. Full line: as "
            f"often. Dashed line: {FLAGGED_RATIO:g}, from which on a group is flagged."
            f"{rest}"
        )
        yield page.Figure(forest(rows, FLAGGED_RATIO), caption)
    few = sorted(lost.shares.keys() - lost.adjusted.keys())
    if few:
        yield page.Paragraph(
            f"Too few to say (fewer than {FEW} documents, or than {FEW_LOST} lost, or "
            f"nothing lost to compare with): {_some([_named(who) for who in few])}.",
            "muted",
        )
    if lost.shares:
        yield page.Fold("All numbers", _loss_table(loss, lost))


def _ratio(who: Who, row: Row) -> Ratio:
    label, marked = words_of(who[1]), flagged(row)
    return Ratio(label, row["value"], row["low"], row["high"], marked)


def _loss_table(loss: Loss, lost: _Lost) -> page.Table:
    few = sorted(lost.shares.keys() - lost.adjusted.keys())
    made: list[page.Row] = []
    for who in [*lost.shown(), *few]:
        share, adjusted = lost.shares[who], lost.adjusted.get(who)
        tone: page.Tone = "warn" if adjusted and flagged(adjusted) else ""
        crude = lost.crude.get(who)
        made.append(
            [
                _named(who),
                f"{grouped(share['numerator'])} of {grouped(share['denominator'])}",
                percent(share["value"]),
                MISSING if crude is None else decimal(crude["value"]),
                page.Cell(
                    "too few" if adjusted is None else decimal(adjusted["value"]),
                    tone=tone,
                ),
                _between(adjusted, decimal),
                *([_characters(lost, who)] if loss.cuts else []),
            ]
        )
    heads = ["<Group", "Documents", "Share", "Ratio", "At equal length"]
    heads += ["95 % interval", *(["Of a document's characters"] if loss.cuts else [])]
    return page.table(
        "Documents that mention a group and were "
        f"{'cut' if loss.cuts else 'removed'}, and the share against the others",
        page.columns(*heads),
        made,
        note=_characters_note(lost) if loss.cuts else "",
    )


def _characters(lost: _Lost, who: Who) -> str:
    row = lost.characters.get(who)
    return MISSING if row is None else percent(row["value"], 2)


def _characters_note(lost: _Lost) -> str:
    row = lost.characters.get(None)
    if row is None:
        return ""
    return (
        f"Of the characters of any kept document {percent(row['value'], 2)} were cut, "
        f"on average ({_between(row, lambda end: percent(end, 2))})."
    )


def _names(data: ReportData) -> list[page.Block]:
    """Planted names that were found, by origin."""
    made: list[page.Row] = []
    ratios = _by_group(data, "group.names_found_ratio")
    for row in data.slices.named("group.names_found"):
        ratio = ratios.get((row["axis"], row["group"]))
        marked = ratio is not None and (flagged(ratio) or _low(ratio))
        value = MISSING if ratio is None else decimal(ratio["value"])
        made.append(
            [
                words_of(row["group"]),
                f"{grouped(row['numerator'])} of {grouped(row['denominator'])}",
                percent(row["value"]),
                _between(row, percent),
                page.Cell(value, tone="warn" if marked else ""),
                _between(ratio, decimal),
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
    heads = ("<Origin", "Names", "Found", "95 % interval", "Against the others")
    table = page.table(
        "Planted names that were found, by where they come from",
        page.columns(*heads, "95 % interval"),
        made,
        note=(
            f"Marked from {FLAGGED_RATIO:g} on and from {1 / FLAGGED_RATIO:g} down, if "
            "the interval does not reach 1."
        ),
    )
    return [page.Heading("Names by origin"), page.Paragraph(said), table]


def _low(row: Row) -> bool:
    """Whether a ratio is as low as a flagged one is high."""
    return row["value"] <= 1 / FLAGGED_RATIO and row["high"] < 1.0


def _weights(data: ReportData) -> list[page.Block]:
    """Weights are a removal in part."""
    means = [r for r in data.slices.named("group.mean_weight") if r["group"]]
    if not means:
        return []
    made: list[page.Row] = []
    ratios = _by_group(data, "group.weight_ratio")
    for row in means:
        who = (row["axis"], row["group"])
        ratio = ratios.get(who)
        low = ratio is not None and _low(ratio)
        value = "too few" if ratio is None else decimal(ratio["value"])
        made.append(
            [
                _named(who),
                grouped(row["denominator"]),
                decimal(row["value"]),
                page.Cell(value, tone="warn" if low else ""),
                _between(ratio, decimal),
            ]
        )
    heads = ("<Group", "Documents", "Mean weight", "Against the others")
    table = page.table(
        "Mean weight of the kept documents that mention a group",
        page.columns(*heads, "95 % interval"),
        made,
        note=f"Marked from {1 / FLAGGED_RATIO:g} down, if the interval is below 1.",
    )
    said = (
        "A document of weight 0.5 counts half: weights are a removal in part. They "
        "move shares of mentions to their targets, and whatever else stands in the "
        "same documents moves along."
    )
    return [page.Heading("Balancing"), page.Paragraph(said), table]

"""What is written beside groups: words that lean to one, praise and blame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import decimal, grouped, percent, shorten, words_of
from isinglass.transforms.statistics.intervals import FEW, wilson

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.demographics import (
        DemographicsSummary,
        GroupPolarity,
        GroupsTogether,
        TermShare,
        WordAssociation,
    )

_NAMED = 20
"""Languages that are named."""

_SHOWN = 3
"""Words of a group that stand in the open table."""

_NOTE = (
    "Sentences in one language, of sampled documents, that speak of the group and of "
    "no other one of its axis, beside those that speak of others only. A ratio of 3: "
    "the word is in such sentences three times as often. Gap: normalised pointwise "
    "mutual information with the group less that with the others. That a word leans to "
    "a group says nothing of its meaning there; weights change none of this."
)


def beside(data: ReportData) -> list[page.Block]:
    """Tables of words, of kept documents."""
    summary = data.manifest.demographics
    if summary is None or not summary.documents:
        return []
    title = f"Beside the groups, in {grouped(summary.documents)} sampled documents"
    blocks: list[page.Block] = [page.Heading(title), *_languages(summary)]
    if summary.words:
        blocks.append(_words_table(_first(summary.words)))
        blocks.append(page.Fold("All words that lean", _words_table(summary.words)))
    told = [one for one in summary.polarity if _signs(one) >= FEW]
    if told:
        blocks.append(_polarity_table(told))
    if summary.shares:
        blocks.append(page.Fold("Terms of each axis", _terms_table(summary.shares)))
    if summary.together:
        pairs = _pairs_table(summary.together)
        blocks.append(page.Fold("Groups that stand in one sentence", pairs))
    return blocks


def _languages(summary: DemographicsSummary) -> list[page.Block]:
    """In which languages words beside groups are looked for, and in which not."""
    parts = (summary.told_in, summary.not_told_in)
    told, others = (
        ", ".join(f"{shorten(name)} ({grouped(own[name])})" for name in _most(own))
        for own in parts
    )
    if not summary.not_told_in:
        return []
    text = (
        f"Words beside groups, and groups in one sentence, are of documents in "
        f"{told or 'no language of the sample'}. They are not looked for in {others}: "
        "there is no lexicon of the language, or it has no blanks between words."
    )
    return [page.Paragraph(text, "muted")]


def _most(documents: dict[str, int]) -> list[str]:
    """The languages with the most documents."""
    return sorted(documents, key=lambda name: (-documents[name], name))[:_NAMED]


def _terms_table(shares: list[TermShare]) -> page.Table:
    rows = []
    for one in shares:
        ends = wilson(one.documents, one.of)
        few = one.of < FEW
        rows.append(
            [
                f"{shorten(words_of(one.axis))}: {shorten(words_of(one.group))}",
                f"{shorten(one.term)} ({one.language})",
                f"{grouped(one.documents)} of {grouped(one.of)}",
                "too few to say" if few else percent(one.documents / one.of),
                "" if few else f"{percent(ends[0])} to {percent(ends[1])}",
            ]
        )
    heads = ("<Group", "<Term", "Documents", "Share", "95 %")
    note = (
        "Of the sampled documents in its language that mention the axis, those that "
        "hold the term. A document may hold several, so the shares of an axis do not "
        "add up to 100 %."
    )
    caption = "Terms that most documents hold"
    return page.table(caption, page.columns(*heads), rows, note=note)


def _pairs_table(pairs: list[GroupsTogether]) -> page.Table:
    rows = [
        [
            f"{shorten(words_of(one.axis))}: {shorten(words_of(one.group))}",
            f"{shorten(words_of(one.with_axis))}: {shorten(words_of(one.with_group))}",
            grouped(one.sentences),
            grouped(one.documents),
        ]
        for one in pairs
    ]
    heads = ("<Group", "<With", "Sentences", "Documents")
    caption = "Groups of different axes in one sentence of sampled documents"
    note = f"Pairs in fewer than {FEW} sentences are left out: too few to say."
    return page.table(caption, page.columns(*heads), rows, note=note)


def _first(words: list[WordAssociation]) -> list[WordAssociation]:
    seen: dict[tuple[str, str], int] = {}
    shown = []
    for word in words:
        seen[word.axis, word.group] = seen.get((word.axis, word.group), 0) + 1
        if seen[word.axis, word.group] <= _SHOWN:
            shown.append(word)
    return shown


def _words_table(words: list[WordAssociation]) -> page.Table:
    rows = [
        [
            f"{shorten(words_of(word.axis))}: {shorten(words_of(word.group))}",
            f"{shorten(word.word)} ({word.language})",
            f"{grouped(word.together)} of {grouped(word.group_sentences)}",
            f"{grouped(word.elsewhere)} of {grouped(word.other_sentences)}",
            f"{decimal(word.ratio)} ({decimal(word.low)} to {decimal(word.high)})",
            decimal(word.gap),
        ]
        for word in words
    ]
    heads = ("<Group", "<Word", "With the group", "With others", "Ratio (95 %)", "Gap")
    caption = "Words that lean most to each group"
    return page.table(caption, page.columns(*heads), rows, note=_NOTE)


def _signs(one: GroupPolarity) -> int:
    return one.positive + one.negative


def _polarity_table(told: list[GroupPolarity]) -> page.Table:
    rows = []
    for one in told:
        low, high = map(percent, wilson(one.positive, _signs(one)))
        share = percent(one.positive / _signs(one))
        rows.append(
            [
                f"{shorten(words_of(one.axis))}: {shorten(words_of(one.group))}",
                grouped(one.sentences),
                grouped(one.positive),
                grouped(one.negative),
                f"{share} ({low} to {high})",
            ]
        )
    heads = ("<Group", "Sentences", "Praise", "Blame", "Praise of both (95 %)")
    return page.table(
        "Words that praise or blame, in sentences with the group alone",
        page.columns(*heads),
        rows,
        note=(
            "Words of a list, whatever they are said of: that a sentence holds both a "
            "group and such a word does not mean that it is said of the group. Groups "
            f"with fewer than {FEW} such words are left out: too few to say."
        ),
    )

"""Ambiguous terms: how often they count, how often that is right, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import (
    MISSING,
    grouped,
    number_of,
    percent,
    shorten,
    words_of,
)
from isinglass.pipelines.stages.demographics.terms import (
    LEAST_MARKS,
    LEAST_PRECISION,
)
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.demographics import (
        DemographicsSummary,
        RuleSummary,
        TermSummary,
        VetoSummary,
    )

_MOST_VETOED, _PHRASES = 50, 3
"""Terms that are shown, and phrases of each."""


def term_blocks(data: ReportData) -> list[page.Block]:
    """What is counted by each ambiguous term; empty if none stands anywhere."""
    summary = data.manifest.demographics
    if summary is None:
        return []
    told = [_terms_table(data, summary)] if summary.terms else []
    folds: list[page.Block] = []
    if summary.rules:
        folds.append(page.Fold("Rules that counted them", _rules_table(summary.rules)))
    if summary.vetoes:
        what = "Phrases that mean something else"
        folds.append(page.Fold(what, _vetoes_table(summary.vetoes)))
    head = [page.Heading("Ambiguous terms")] if told or folds else []
    return [*head, *told, *folds]


def _terms_table(data: ReportData, summary: DemographicsSummary) -> page.Table:
    insists = bool((data.part("balance") or {}).get("ambiguous"))
    heads = ("<Language", "<Group", "<Term", "Matches", "Counted", "Right")
    return page.table(
        "Ambiguous terms in kept documents",
        page.columns(*heads, "95 % interval", "<Used for balancing"),
        [
            _row(term, insists=insists)
            for term in sorted(summary.terms, key=lambda term: -term.matches)
        ],
        note=(
            "Counted are those matches that a rule takes for the group, by the words "
            "around them. How many of these are right says a person who looked at a "
            "sample (`isinglass review --mentions`), whose marks `demographics.marks` "
            "names; they count up to the first place of the sample that has none. "
            f"From {LEAST_MARKS} marks on and with a lower end of the interval "
            f"of {LEAST_PRECISION:g} or more, a term is used as if it were not "
            "ambiguous."
        ),
    )


def _rules_table(rules: list[RuleSummary]) -> page.Table:
    """How often each rule counted a term, and how often that was right."""
    rows = []
    for one in rules:
        known = one.right + one.wrong
        ends = wilson(one.right, known)
        share, between = "too few to say", MISSING
        if known >= LEAST_MARKS:
            share = percent(one.right / known)
            between = f"{percent(ends[0])} to {percent(ends[1])}"
        marks = f"{grouped(one.right)} of {grouped(known)}" if known else MISSING
        cells = (marks, share, between) if known else (MISSING,) * 3
        rows.append([one.rule, grouped(one.accepted), *cells])
    return page.table(
        "Rules by which ambiguous terms were counted in kept documents",
        page.columns("<Rule", "Counted", "Right, of marks", "Share", "95 % interval"),
        rows,
        note=(
            "Of marks on places of this run (`demographics.marks`), over all terms. "
            f"Of fewer than {LEAST_MARKS} marks no share is told."
        ),
    )


def _vetoes_table(vetoes: list[VetoSummary]) -> page.Table:
    """By term, how often a longer phrase kept it from counting."""
    by_term: dict[tuple[str, str], list[VetoSummary]] = {}
    for one in vetoes:
        for term in one.terms:
            by_term.setdefault((one.language, term), []).append(one)
    sums = {key: sum(one.places for one in own) for key, own in by_term.items()}
    rows = []
    for key in sorted(sums, key=lambda key: (-sums[key], key))[:_MOST_VETOED]:
        language, (axis, group, term) = key[0], key[1].split("/", 2)
        most = sorted(by_term[key], key=lambda one: -one.places)
        named = [f"{shorten(o.phrase)} ({grouped(o.places)})" for o in most[:_PHRASES]]
        more = len(most) - len(named)
        rows.append(
            [
                language,
                f"{shorten(words_of(axis))}: {shorten(words_of(group))}",
                shorten(term),
                grouped(sums[key]),
                ", ".join(named) + (f" and {more} more" if more > 0 else ""),
            ]
        )
    heads = ("<Language", "<Group", "<Term", "Passed over", "<In")
    left = len(sums) - len(rows)
    more_terms = f" {number_of(left, 'more term')} are in the manifest." if left else ""
    return page.table(
        "Terms in kept documents that a longer phrase kept from counting",
        page.columns(*heads),
        rows,
        note=(
            "Vetoes of the lexicons, such as black market; a phrase that holds several "
            f"terms stands at each.{more_terms}"
        ),
    )


def _row(term: TermSummary, *, insists: bool) -> page.Row:
    known = term.right + term.wrong
    share = f"{percent(term.right / known)} of {grouped(known)}" if known else MISSING
    left = sum(term.not_counted.values())
    share += f"; {grouped(left)} marks not counted" if left else ""
    between = f"{percent(term.low)} to {percent(term.high)}" if known else MISSING
    used = page.Cell("yes")
    if insists and not term.sure:
        used = page.Cell(f"yes, by balance.ambiguous: {_lack(term)}", tone="warn")
    elif not term.sure:
        used = page.Cell(f"not used for balancing: {_lack(term)}", tone="muted")
    return [
        term.language,
        f"{shorten(words_of(term.axis))}: {shorten(words_of(term.group))}",
        term.term,
        grouped(term.matches),
        grouped(term.accepted),
        share,
        between,
        used,
    ]


def _lack(term: TermSummary) -> str:
    """Why nobody may rely on it."""
    known = term.right + term.wrong
    if term.status != "reviewed":
        return term.status
    if not known:
        return "not measured"
    if known < LEAST_MARKS:
        return f"{known} of {LEAST_MARKS} marks"
    return f"below {LEAST_PRECISION:g}"

"""Ambiguous terms: how often they count, how often that is right, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import MISSING, grouped, percent, shorten, words_of
from isinglass.pipelines.stages.demographics.terms import (
    LEAST_MARKS,
    LEAST_PRECISION,
)

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.demographics import TermSummary


def term_blocks(data: ReportData) -> list[page.Block]:
    """What is counted by each ambiguous term; empty if none stands anywhere."""
    summary = data.manifest.demographics
    if summary is None or not summary.terms:
        return []
    insists = bool((data.part("balance") or {}).get("ambiguous"))
    heads = ("<Language", "<Group", "<Term", "Matches", "Counted", "Right")
    made = page.table(
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
    return [page.Heading("Ambiguous terms"), made]


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

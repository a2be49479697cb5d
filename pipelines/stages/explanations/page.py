"""The explanations as one HTML page, in the frame of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.html import render_plain_page
from isinglass.pipelines.report.text import (
    MISSING,
    decimal,
    grouped,
    percent,
    share_of,
    words_of,
)
from isinglass.pipelines.stages.explanations.picture import (
    gap_chart,
    layer_strips,
    token_map,
)
from isinglass.pipelines.stages.explanations.told import FAITHFUL

if TYPE_CHECKING:
    from isinglass.pipelines.stages.explanations.told import Gap, Summary
    from isinglass.transforms.explanations.summary import Mean

CAUTION = (
    "What stands here describes how a model computes a number. It is no reason for "
    "what a text says or for what was done with it: other weights of attention can "
    "give the same number (Jain and Wallace 2019), and what a token adds hangs on the "
    "baseline, here the padding token."
)
MOST_SHOWN = 20
"""Documents that are drawn; all are in the JSON."""

_MOST_BARS, _MOST_TOKENS = 16, 25


def explanations_page(told: Mapping[str, Any], summary: Summary) -> str:
    """The page of what `explanations.json` holds. Equal contents give equal text."""
    run = told["run"]
    documents = told["documents"]
    sections = [
        _asked(told),
        _driving(summary),
        _faithful(summary),
        _identity(told, summary),
        *(_document(one, place) for place, one in enumerate(documents[:MOST_SHOWN])),
    ]
    return render_plain_page(
        {
            "title": f"Explanations of documents of {run['name']}",
            "subtitle": f"run {run['run_id']} · {told['asked']['target']} · "
            f"isinglass {told['isinglass_version']}",
            "sections": sections,
            "footer": "Holds parts of texts, personal data masked as far as it was "
            "found. Whoever may not see the texts may not see this page. Numbers and "
            "tokens of all documents are in explanations.json.",
        }
    )


def _asked(told: Mapping[str, Any]) -> page.Section:
    checks, asked, number = told["checks"], told["asked"], told["number"]
    count = checks["documents"]
    rows: list[page.Row] = [
        ["number", asked["target"], number["name"]],
        ["flagged", grouped(number["flagged"]), number["flag"]],
        ["explained", grouped(count), f"seed {asked['seed']}, and those named"],
        [
            "complete",
            share_of(checks["complete"], count),
            "what tokens add makes up the difference to the baseline, to 5 %",
        ],
        [
            "worst of these",
            percent(checks["completeness_gap"]),
            "how far the sum of one lies off, as a share of the difference",
        ],
        [
            "rows of the rollout",
            _exact(checks["rollout_row_error"]),
            "how far the sum of any lies from 1",
        ],
        [
            "same number as in the run",
            _exact(checks["number_error"]),
            "largest difference to the number by the stored vector",
        ],
    ]
    rows += [
        [
            words_of(name),
            _number(value),
            "of the probe, on documents it was not fitted on",
        ]
        for name, value in number["facts"].items()
    ]
    heads = page.columns("<what", "value", "<what it says")
    content: list[page.Block] = [page.Paragraph(CAUTION, "warn")]
    content.append(page.table("What was asked, and whether it holds", heads, rows))
    if told["left_out"]:
        shown = [[page.code(one["doc_id"]), one["why"]] for one in told["left_out"]]
        columns = page.columns("<document", "<why")
        content.append(page.table("Documents that were left out", columns, shown))
    return page.Section("asked", "What is explained", tuple(content))


def _driving(summary: Summary) -> page.Section:
    rows = [
        [
            word,
            _number(one.value),
            _interval(one),
            grouped(one.count),
        ]
        for word, one in summary.words
    ]
    heads = page.columns("<word", "adds", "<95 % interval", "documents")
    note = (
        "Means over the explained documents that hold the word. Words of fewer than "
        "three are left out, as is what was masked: a name can be one of those shown."
    )
    table = page.table("Words that add most to the number", heads, rows, note=note)
    return page.Section("words", "What drives the number", (table,))


def _faithful(summary: Summary) -> page.Section:
    rows: list[page.Row] = [
        [words_of(name), _number(one.value), _interval(one), FAITHFUL[name]]
        for name, one in summary.faithful.items()
    ]
    better, count = summary.better
    heads = page.columns("<test", "falls by", "<95 % interval", "<when")
    note = (
        "A fifth of the tokens of each text, in both tests. Tokens that matter make "
        "the number fall further when they go than random ones, and less when they "
        f"stay: the first is so in {grouped(better)} of {grouped(count)} documents. If "
        "it is not, do not believe the colours."
    )
    table = page.table(
        "Without the tokens, and with them alone", heads, rows, note=note
    )
    return page.Section("tests", "Whether these tokens matter", (table,))


def _identity(told: Mapping[str, Any], summary: Summary) -> page.Section:
    unit, limit = told["number"]["name"], told["asked"]["gap"]
    if not summary.gaps:
        why = f"no explained document has a term of the axis {summary.axis} to replace."
        return page.not_run("identity", "Identity terms", why)
    groups = [gap for gap in summary.gaps if gap.before]
    terms = sorted(
        (gap for gap in summary.gaps if gap.term),
        key=lambda gap: (-abs(gap.mean.value), gap.term),
    )
    found = summary.findings
    told_findings = (
        f"Findings: {len(found)}. Each is a gap of {limit:g} standard deviations of "
        "the number or more, of five documents or more, whose interval leaves out 0."
        if found
        else f"No gap reaches {limit:g} standard deviations of the number."
    )
    bars = [(_between(gap), gap.mean) for gap in groups[:_MOST_BARS]]
    content: tuple[page.Block, ...] = (
        page.Paragraph(told_findings, "warn" if found else ""),
        page.Figure(
            gap_chart(bars, unit),
            f"A term of the axis {summary.axis} is replaced by another. Swaps inside "
            "of one group show how far any other word moves the number.",
        ),
        _gap_table("By group", groups),
        _gap_table("By the term that is put in", terms),
    )
    return page.Section("identity", "Identity terms", content)


def _gap_table(caption: str, gaps: Sequence[Gap]) -> page.Table:
    rows: list[page.Row] = [
        [
            gap.term or _between(gap),
            gap.after,
            _number(gap.mean.value),
            _interval(gap.mean),
            decimal(gap.spreads),
            grouped(gap.mean.count),
            page.Cell("finding", tone="warn") if gap.finding else "",
        ]
        for gap in gaps
    ]
    heads = page.columns(
        "<swap", "<group", "mean gap", "<95 % interval", "in sd", "documents", "<"
    )
    return page.table(caption, heads, rows)


def _between(gap: Gap) -> str:
    return f"{gap.before} to {gap.after}"


def _document(one: Mapping[str, Any], place: int) -> page.Section:
    unit, attention = one["number"], one["attention"]
    state = "" if one["complete"] else " The sum is NOT complete: do not rely on it."
    content: list[page.Block] = [
        page.Paragraph(
            f"{unit}: {_number(one['value'])}; "
            f"of the baseline {_number(one['baseline'])}; {one['steps']} steps, "
            f"{percent(one['completeness_gap'])} off.{state}"
        ),
        page.Figure(
            token_map(one["tokens"], unit),
            "What each token adds. Names of kinds in brackets stand for personal data.",
        ),
    ]
    if attention is not None:
        rolled = [token["rollout"] for token in one["tokens"]]
        strips = layer_strips(attention["received"], rolled, attention["head_entropy"])
        content.append(
            page.Figure(
                strips,
                "How much each token is looked at, means over heads, and how much of "
                "it is in the vector by rollout. Tokens around the text are left out.",
            )
        )
    content.append(page.Fold("Tokens as numbers", _token_table(one)))
    if one["swaps"]:
        content.append(page.Fold("Swaps of identity terms", _swap_table(one)))
    return page.Section(
        f"document{chr(ord('a') + place)}",
        f"Document {one['doc_id']}",
        tuple(content),
    )


def _token_table(one: Mapping[str, Any]) -> page.Table:
    ordered = sorted(
        enumerate(one["tokens"], 1), key=lambda pair: (-abs(pair[1]["added"]), pair[0])
    )
    rows: Iterator[page.Row] = (
        [
            token["shown"],
            grouped(place),
            _number(token["added"]),
            percent(token["rollout"]),
        ]
        for place, token in ordered[:_MOST_TOKENS]
    )
    heads = page.columns("<token", "place", "adds", "rollout")
    return page.table(f"The {_MOST_TOKENS} that add or take away most", heads, rows)


def _swap_table(one: Mapping[str, Any]) -> page.Table:
    rows: list[page.Row] = [
        [
            swap["term"],
            swap["group"],
            swap["other"],
            swap["other_group"],
            _number(swap["moved"]),
        ]
        for swap in one["swaps"]
    ]
    heads = page.columns("<term", "<group", "<becomes", "<group", "number moves by")
    return page.table("How far each swap moves the number", heads, rows)


def _interval(one: Mean) -> str:
    if one.low is None or one.high is None:
        return MISSING
    return f"{_number(one.low)} to {_number(one.high)}"


def _number(value: float) -> str:
    whole = isinstance(value, int)
    return grouped(value) if whole else decimal(value, 4)


def _exact(value: float | None) -> str:
    return MISSING if value is None else f"{value:.1e}"

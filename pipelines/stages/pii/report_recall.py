"""What was missed: measured on planted values, and bounded by the second scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.blocks import (
    Block,
    Cell,
    Figure,
    Paragraph,
    Row,
    Table,
    Tone,
    code,
    columns,
    table,
)
from isinglass.pipelines.report.svg import Whisker, whiskers
from isinglass.pipelines.report.text import (
    MINUS,
    MISSING,
    THIN_SPACE,
    decimal,
    grouped,
    percent,
    shorten,
)
from isinglass.pipelines.stages.pii.leftovers import FEW, WEAK_SHARE
from isinglass.pipelines.stages.pii.recall import expected_leftovers
from isinglass.schemas.manifest import ExpectedLeftovers
from isinglass.transforms.pii.canaries.fakes import PERSON

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData

_POSITION_ORDER = ("start", "middle", "end", "chunk_border")
_AXES = {
    "position": "Recall by position in the document: found of planted",
    "language": "Recall by language of the document: found of planted",
    "source": "Recall by source: found of planted",
}
_MOST_COLUMNS, _MOST_DOTS = 12, 11

MEANING = (
    "What this recall means: invented identifiers were planted in copies of sampled "
    "documents, and the detector of this run was asked to find them. The interval is "
    "a Wilson interval at 95 %. It says how surely identifiers of these shapes, in "
    "these places, are found."
)
NOT_MEANING = (
    "What it does not mean: real identifiers may be written in ways that were not "
    "planted and be missed more often; kinds without a row were not measured; nothing "
    "is said about false alarms. Direct identifiers were removed by automatic "
    "detection only. A person may still be recognised from what the text tells "
    "about them."
)
UPPER_BOUND = (
    "Second scan: the finished data was searched once more by wide patterns that share "
    "nothing with the detector. They take every number or word of the right shape, so "
    "most of what they hit in ordinary text is not personal data. Read the hits as an "
    "upper bound: of these shapes, no more than so many are left. Where fewer are hit "
    "than are expected to be left, and for names, which have no shape, there is no "
    "bound. What operators wrote does not count; what they were told to keep does."
)


def recall_blocks(data: ReportData, kinds: list[str]) -> list[Block]:
    """Recall by kind with its interval, what is probably left, and recall by slice."""
    recall = data.manifest.recall
    ordered = [name for name in kinds if name in recall]
    blocks: list[Block] = [
        _recall_figure(data, ordered),
        Paragraph(MEANING),
        Paragraph(NOT_MEANING),
        _leftover_table(data, ordered),
    ]
    for axis, title in _AXES.items():
        blocks += _slice_tables(data, kinds, axis, title)
    return blocks


def _recall_figure(data: ReportData, ordered: list[str]) -> Figure:
    """Kinds of which some were missed, and then those that occur most often."""
    recall = data.manifest.recall
    worst = sorted(ordered, key=lambda name: recall[name].recall)[:_MOST_DOTS]
    dots = [
        Whisker(name, recall[name].recall, recall[name].low, recall[name].high)
        for name in worst
    ]
    rest = [name for name in ordered if name not in worst]
    more = ""
    if rest:
        least = min(recall[name].recall for name in rest)
        share = "all" if least == 1.0 else f"{percent(least)} or more"
        more = f". Of {grouped(len(rest))} further kinds {share} were found"
    caption = f"Recall on planted identifiers, with 95 % interval; mind the scale{more}"
    return Figure(whiskers(dots, "Measured recall"), caption)


def _leftover_table(data: ReportData, ordered: list[str]) -> Table:
    rows: list[Row] = []
    left = expected_leftovers(data.manifest.findings, data.manifest.recall)
    for name in ordered:
        measured, expected = data.manifest.recall[name], left[name]
        rows.append(
            [
                code(name),
                grouped(measured.planted),
                grouped(measured.found),
                Cell(percent(measured.recall), share=measured.recall),
                f"{percent(measured.low)} to {percent(measured.high)}",
                grouped(measured.found_as_other),
                grouped(expected.found),
                decimal(expected.expected, 1),
                _leftover_range(expected) if measured.found else MISSING,
            ]
        )
    return table(
        "Expected leftovers: identifiers that are probably still in the kept text",
        columns(
            *("<Kind", "Planted", "Found again", "Recall", "95 % interval"),
            *("Found as another kind", "Found in the corpus", "Expected left", "Range"),
        ),
        rows,
        note=(
            f"Expected left = found \u00d7 (1 {MINUS} r) / r, with r the recall; "
            "the range uses the ends of the interval, and has no upper end where the "
            "lower end of the recall is 0. It holds if real identifiers are as easy to "
            "find as planted ones and every finding is right. Values found as another "
            "kind count as missed, but are changed in the text as that kind is."
        ),
    )


def _leftover_range(left: ExpectedLeftovers) -> str:
    end = "or more, unbounded" if left.high is None else f"to {decimal(left.high, 1)}"
    return f"{decimal(left.low, 1)} {end}"


def _slice_tables(
    data: ReportData, kinds: list[str], axis: str, title: str
) -> list[Table]:
    """Found and planted by kind and position, language or source."""
    parts = {
        (part.entity, part.name): (part.found, part.planted)
        for part in data.manifest.recall_slices
        if part.by == axis
    }
    if not parts:
        return []
    planted: dict[str, int] = {}
    for (_, name), (_, number) in parts.items():
        planted[name] = planted.get(name, 0) + number
    order = {name: place for place, name in enumerate(_POSITION_ORDER)}
    names = sorted(planted, key=lambda name: (order.get(name, len(order)), name))
    if len(names) > _MOST_COLUMNS:
        names = sorted(planted, key=lambda name: (-planted[name], name))
        title += f" (the {_MOST_COLUMNS} with most planted of {len(names)})"
        names = names[:_MOST_COLUMNS]
    made = table(
        title,
        columns("<Kind", *(shorten(name) for name in names)),
        [
            [code(kind), *(_slice_cell(parts.get((kind, name))) for name in names)]
            for kind in kinds
            if any(entity == kind for entity, _ in parts)
        ],
        note=(
            f"Pale: fewer than {FEW} were planted, so the share says little. Marked: "
            f"less than {percent(WEAK_SHARE)} found."
        ),
    )
    return [made]


def _slice_cell(counts: tuple[int, int] | None) -> Cell | str:
    if counts is None:
        return MISSING
    found, planted = counts
    text = f"{grouped(found)}{THIN_SPACE}/{THIN_SPACE}{grouped(planted)}"
    share = found / planted if planted else None
    if planted < FEW:
        return Cell(text, tone="muted", share=share)
    tone: Tone = "warn" if found < WEAK_SHARE * planted else ""
    return Cell(text, tone=tone, share=share)


def bound_blocks(data: ReportData, kinds: list[str]) -> list[Block]:
    """What the second scan hit, beside what is expected to be left."""
    scan, manifest = data.manifest.second_scan, data.manifest
    if scan is None:
        audit = "an audit writes no data that could be scanned"
        why = audit if manifest.verb == "audit" else "pii.second_scan is off"
        return [Paragraph(f"The second scan did not run: {why}.", "muted")]
    left = expected_leftovers(manifest.findings, manifest.recall)
    rows: list[Row] = []
    for name in (kind for kind in kinds if kind in scan.entities):
        hit, count = scan.entities[name], manifest.findings.get(name)
        expected = left[name].expected if name in left else None
        rows.append(
            [
                code(name),
                decimal(expected, 1),
                grouped(count.kept if count else 0),
                _bound(name, hit.hits, expected),
                grouped(hit.documents),
            ]
        )
    return [
        Paragraph(UPPER_BOUND),
        table(
            "What is left: expected, kept on purpose, and at most",
            columns(
                *("<Kind", "Expected left", "Kept on purpose"),
                *("At most (hits)", "Documents with hits"),
            ),
            rows,
            note=f"Over {grouped(scan.documents)} documents of data/.",
        ),
    ]


def _bound(entity: str, hits: int, expected: float | None) -> str:
    """Hits of the second scan, where they are an upper bound."""
    return MISSING if entity == PERSON or hits < (expected or 0) else grouped(hits)

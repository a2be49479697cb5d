"""What the detector is measured to miss, on values that were planted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.blocks import (
    Block,
    Cell,
    Figure,
    Paragraph,
    Row,
    Table,
    code,
    columns,
    table,
)
from isinglass.pipelines.report.svg import Whisker, whiskers
from isinglass.pipelines.report.text import (
    MINUS,
    MISSING,
    THIN_SPACE,
    grouped,
    percent,
    shorten,
)
from isinglass.pipelines.stages.pii.report_kinds import (
    counts,
    entities,
    expected_leftover,
)

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import Recall

_POSITION_ORDER = ("start", "middle", "end", "chunk_border")
_AXES = {
    "position": "Recall by position in the document: found of planted",
    "language": "Recall by language of the document: found of planted",
    "source": "Recall by source: found of planted",
}
_MOST_COLUMNS = 12

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
FEW = 30
"""Planted values below which a share says little; such cells are marked."""

WEAK_SHARE = 0.9
"""Cells with a smaller share found are marked."""


def recall_blocks(data: ReportData) -> list[Block]:
    """Recall by kind with its interval, what is probably left, and recall by slice."""
    recall = data.manifest.recall
    ordered = [name for name in entities(data) if name in recall]
    dots = [
        Whisker(name, recall[name].recall, recall[name].low, recall[name].high)
        for name in ordered
        if recall[name].planted
    ]
    blocks: list[Block] = []
    if dots:
        caption = "Recall on planted identifiers, with 95 % interval; mind the scale"
        blocks.append(Figure(whiskers(dots), caption))
    blocks += [Paragraph(MEANING), Paragraph(NOT_MEANING, "warn")]
    blocks.append(_leftover_table(data, ordered))
    for axis, title in _AXES.items():
        found = _slice_table(data, axis, title)
        if found is not None:
            blocks.append(found)
    return blocks


def _leftover_table(data: ReportData, ordered: list[str]) -> Table:
    rows: list[Row] = []
    for name in ordered:
        measured = data.manifest.recall[name]
        count = data.manifest.findings.get(name)
        found, _, _ = counts(count)
        rows.append(
            [
                code(name),
                *_measured(measured),
                grouped(measured.found_as_other),
                grouped(found),
                expected_leftover(found, measured.recall),
                _leftover_range(found, measured),
            ]
        )
    return table(
        "Expected leftovers: identifiers that are probably still in the kept text",
        columns(
            "<Kind",
            "Planted",
            "Found again",
            "Recall",
            "95 % interval",
            "Found as another kind",
            "Found in the corpus",
            "Expected left",
            "Range",
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


def _measured(measured: Recall) -> list[str]:
    if not measured.planted:
        return [grouped(0), grouped(0), MISSING, MISSING]
    return [
        grouped(measured.planted),
        grouped(measured.found),
        percent(measured.recall),
        f"{percent(measured.low)} to {percent(measured.high)}",
    ]


def _leftover_range(found: int, measured: Recall) -> str:
    if not measured.planted or not measured.found:
        return MISSING
    least = expected_leftover(found, measured.high)
    if measured.low <= 0.0:
        return f"{least} or more, unbounded"
    return f"{least} to {expected_leftover(found, measured.low)}"


def _slice_table(data: ReportData, axis: str, title: str) -> Table | None:
    """Found and planted by kind and position, language or source."""
    parts = {
        (part.entity, part.name): (part.found, part.planted)
        for part in data.manifest.recall_slices
        if part.by == axis and part.planted
    }
    if not parts:
        return None
    planted: dict[str, int] = {}
    for (_, name), (_, number) in parts.items():
        planted[name] = planted.get(name, 0) + number
    names = sorted(planted, key=_position_key)
    if len(names) > _MOST_COLUMNS:
        names = sorted(planted, key=lambda name: (-planted[name], name))
        title += f" (the {_MOST_COLUMNS} with most planted of {len(names)})"
        names = names[:_MOST_COLUMNS]
    kinds = [name for name in entities(data) if any(e == name for e, _ in parts)]
    return table(
        title,
        columns("<Kind", *(shorten(name) for name in names)),
        [
            [code(entity), *(_slice_cell(parts.get((entity, n))) for n in names)]
            for entity in kinds
        ],
        note=(
            f"Pale: fewer than {FEW} were planted, so the share says little. Marked: "
            f"less than {percent(WEAK_SHARE)} found."
        ),
    )


def _position_key(position: str) -> tuple[int, str]:
    known = position in _POSITION_ORDER
    order = _POSITION_ORDER.index(position) if known else len(_POSITION_ORDER)
    return order, position


def _slice_cell(counts: tuple[int, int] | None) -> Cell | str:
    if counts is None:
        return MISSING
    found, planted = counts
    text = f"{grouped(found)}{THIN_SPACE}/{THIN_SPACE}{grouped(planted)}"
    if planted < FEW:
        return Cell(text, tone="muted")
    return Cell(text, tone="warn" if found < WEAK_SHARE * planted else "")

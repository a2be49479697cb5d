"""Identifiers found and changed, and what the detector is measured to miss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report.blocks import (
    Block,
    Cell,
    Figure,
    Heading,
    Paragraph,
    Row,
    Section,
    Table,
    code,
    columns,
    not_run,
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
    share_of,
    shorten,
)

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import FindingCount, Recall

_OPERATOR_CLASS = {
    "replace": "replace (by its kind)",
    "mask": "mask (characters hidden)",
    "redact": "redact (removed)",
    "hash": "hash (pseudonym: whoever holds the key can link)",
    "keep": "keep (left in the text)",
}
_POSITION_ORDER = ("start", "middle", "end")

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


def privacy_section(data: ReportData) -> Section:
    """Findings by entity, measured recall, and what is expected to be left."""
    anchor, title = "pii", "Personal identifiers"
    manifest = data.manifest
    if data.part("pii") is None and not (manifest.findings or manifest.recall):
        return not_run(anchor, title, "the configuration has no pii section.")
    blocks: list[Block] = [_findings_table(data), Heading("What was missed")]
    if manifest.recall:
        blocks += _recall_blocks(data)
    else:
        blocks.append(Paragraph("Not run: no identifiers were planted.", "muted"))
    if data.examples.findings_by_rule:
        blocks += [Heading("Which rules found them"), _rule_table(data)]
    return Section(anchor, title, tuple(blocks))


def _entities(data: ReportData) -> list[str]:
    configured = (data.part("pii") or {}).get("entities")
    names = set(data.manifest.findings) | set(data.manifest.recall)
    if isinstance(configured, dict):
        names |= set(configured)
    findings = data.manifest.findings
    return sorted(
        names, key=lambda name: (-findings[name].found if name in findings else 0, name)
    )


def _operator(data: ReportData, entity: str) -> str:
    entities: Any = (data.part("pii") or {}).get("entities")
    settings = entities.get(entity) if isinstance(entities, dict) else None
    name = settings.get("operator") if isinstance(settings, dict) else None
    if not isinstance(name, str):
        return MISSING
    return _OPERATOR_CLASS.get(name, name)


def _findings_table(data: ReportData) -> Table:
    findings = data.manifest.findings
    words = data.slices.total("words", "output")

    def numbers(found: int, changed: int, kept: int) -> Row:
        return [
            grouped(found),
            grouped(changed),
            Cell(grouped(kept), tone="warn" if kept else ""),
            decimal(found * 1000 / words, 3) if words else MISSING,
        ]

    rows = [
        [
            code(entity),
            _operator(data, entity),
            *numbers(*_counts(findings.get(entity))),
        ]
        for entity in _entities(data)
    ]
    found = sum(count.found for count in findings.values())
    changed = sum(count.changed for count in findings.values())
    kept = sum(count.kept for count in findings.values())
    per_words = f"Per 1{THIN_SPACE}000 words"
    counted = f"{grouped(words)} words" if words else "not counted in this run"
    return table(
        "Findings by kind: found = changed + kept",
        columns("<Kind", "<Operator", "Found", "Changed", "Kept", per_words),
        rows,
        total=["sum", "", *numbers(found, changed, kept)],
        note=f"Rates are over the words of the kept documents ({counted}).",
    )


def _counts(count: FindingCount | None) -> tuple[int, int, int]:
    return (count.found, count.changed, count.kept) if count else (0, 0, 0)


def _recall_blocks(data: ReportData) -> list[Block]:
    recall = data.manifest.recall
    ordered = [name for name in _entities(data) if name in recall]
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
    positions = _position_table(data)
    if positions is not None:
        blocks.append(positions)
    return blocks


def _leftover_table(data: ReportData, ordered: list[str]) -> Table:
    rows: list[Row] = []
    for name in ordered:
        measured = data.manifest.recall[name]
        found, _, _ = _counts(data.manifest.findings.get(name))
        rows.append(
            [
                code(name),
                *_measured(measured),
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
            "Found in the corpus",
            "Expected left",
            "Range",
        ),
        rows,
        note=(
            f"Expected left = found \u00d7 (1 {MINUS} r) / r, with r the recall; "
            "the range uses the ends of the interval. It holds if real identifiers "
            "are as easy to find as planted ones and every finding is right."
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


def expected_leftover(found: int, recall: float) -> str:
    """`found * (1 - r) / r`; without any recall there is no estimate."""
    if recall <= 0.0:
        return MISSING
    return decimal(found * (1.0 - recall) / recall, 1)


def _leftover_range(found: int, measured: Recall) -> str:
    if not measured.planted or measured.low <= 0.0:
        return MISSING
    least = expected_leftover(found, measured.high)
    return f"{least} to {expected_leftover(found, measured.low)}"


def _position_table(data: ReportData) -> Table | None:
    """Found and planted by kind and position, added up over the languages."""
    sums: dict[tuple[str, str], tuple[float, float]] = {}
    for row in data.slices.named("pii.recall"):
        if row["position"] is None or row["denominator"] is None:
            continue
        key = (row["entity"] or "all", row["position"])
        found, planted = sums.get(key, (0.0, 0.0))
        sums[key] = (found + row["numerator"], planted + row["denominator"])
    if not sums:
        return None
    entities = sorted({entity for entity, _ in sums})
    positions = sorted({position for _, position in sums}, key=_position_key)
    return table(
        "Recall by position in the document: found of planted",
        columns("<Kind", *(shorten(position) for position in positions)),
        [
            [code(entity), *(_position_cell(sums.get((entity, p))) for p in positions)]
            for entity in entities
        ],
    )


def _position_key(position: str) -> tuple[int, str]:
    known = position in _POSITION_ORDER
    order = _POSITION_ORDER.index(position) if known else len(_POSITION_ORDER)
    return order, position


def _position_cell(counts: tuple[float, float] | None) -> str:
    if counts is None:
        return MISSING
    found, planted = counts
    return f"{share_of(found, planted)} ({grouped(found)} of {grouped(planted)})"


def _rule_table(data: ReportData) -> Table:
    ordered = sorted(
        data.examples.findings_by_rule, key=lambda row: (-row[2], row[0], row[1])
    )
    return table(
        "Findings by recognizer rule",
        columns("<Kind", "<Rule", "Found", "Changed"),
        [
            [code(entity), code(rule), grouped(found), grouped(changed)]
            for entity, rule, found, changed in ordered
        ],
    )

"""Identifiers found and changed, and what the detector is measured to miss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report.blocks import (
    Block,
    Cell,
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
from isinglass.pipelines.report.model import KeyFigure
from isinglass.pipelines.report.text import (
    MISSING,
    THIN_SPACE,
    decimal,
    grouped,
    percent,
    share_of,
    shorten,
)
from isinglass.pipelines.stages.pii.report_kinds import (
    counts,
    entities,
    own_findings,
)
from isinglass.pipelines.stages.pii.report_recall import recall_blocks
from isinglass.pipelines.stages.pii.report_scan import bound_blocks

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.pipelines.stages.pii.examples import RuleCount, Shown
    from isinglass.schemas.manifest import Manifest

_OPERATOR_CLASS = {
    "replace": "replace (by its kind)",
    "mask": "mask (characters hidden)",
    "redact": "redact (removed)",
    "hash": "hash (pseudonym: whoever holds the key can link)",
    "keep": "keep (left in the text)",
}


def section(data: ReportData) -> Section:
    """Findings by entity, measured recall, and what is expected to be left."""
    anchor, title = "pii", "Personal identifiers"
    manifest = data.manifest
    if data.part("pii") is None and not (own_findings(manifest) or manifest.recall):
        return not_run(anchor, title, "the configuration has no pii section.")
    blocks: list[Block] = [_findings_table(data)]
    if manifest.allowed:
        blocks.append(Paragraph(_allowed(manifest.allowed), "warn"))
    blocks.append(Heading("What was missed"))
    if manifest.recall:
        blocks += recall_blocks(data)
    else:
        blocks.append(Paragraph("Not run: no identifiers were planted.", "muted"))
    blocks += bound_blocks(data)
    if manifest.not_measured:
        blocks.append(_not_measured_table(data))
    shown: Shown | None = data.shown.get("pii")
    if shown is not None and shown.findings_by_rule:
        rules = _rule_table(shown.findings_by_rule)
        blocks += [Heading("Which rules found them"), rules]
    return Section(anchor, title, tuple(blocks))


def figure(manifest: Manifest) -> KeyFigure:
    """Its number at the head of the report."""
    found, changed = _found_and_changed(manifest)
    return KeyFigure(
        "identifiers found",
        grouped(found),
        f"{grouped(changed)} changed ({share_of(changed, found)} of those found)",
    )


def line(manifest: Manifest) -> str:
    """Its part of what a command prints when it is done."""
    if (
        not own_findings(manifest)
        and not manifest.recall
        and not manifest.config.get("pii")
    ):
        return "Identifiers: not run"
    found, changed = _found_and_changed(manifest)
    planted = sum(recall.planted for recall in manifest.recall.values())
    again = sum(recall.found for recall in manifest.recall.values())
    said = f"Identifiers: {grouped(found)} found, {grouped(changed)} changed; "
    if not planted:
        return f"{said}recall not measured"
    least = min(
        (name for name, recall in manifest.recall.items() if recall.planted),
        key=lambda name: (manifest.recall[name].recall, name),
    )
    return (
        f"{said}{grouped(again)} of {grouped(planted)} planted ones found, least of "
        f"{shorten(least)} ({percent(manifest.recall[least].recall)})"
    )


def _found_and_changed(manifest: Manifest) -> tuple[int, int]:
    return (
        sum(count.found for count in own_findings(manifest).values()),
        sum(count.changed for count in own_findings(manifest).values()),
    )


def _operator(data: ReportData, entity: str) -> str:
    entities: Any = (data.part("pii") or {}).get("entities")
    settings = entities.get(entity) if isinstance(entities, dict) else None
    name = settings.get("operator") if isinstance(settings, dict) else None
    if not isinstance(name, str):
        return MISSING
    return _OPERATOR_CLASS.get(name, name)


def _findings_table(data: ReportData) -> Table:
    findings = own_findings(data.manifest)
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
            *numbers(*counts(findings.get(entity))),
        ]
        for entity in entities(data)
        if entity in findings
    ]
    absent = [entity for entity in entities(data) if entity not in findings]
    none = f" Looked for and not found: {', '.join(absent)}." if absent else ""
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
        note=f"Rates are over the words of the kept documents ({counted}).{none}",
    )


def _allowed(allowed: dict[str, int]) -> str:
    parts = [f"{grouped(number)} of {entity}" for entity, number in allowed.items()]
    return (
        "Left in the text because a list of the configuration allows the value, and "
        f"not counted above: {', '.join(parts)}."
    )


def _not_measured_table(data: ReportData) -> Table:
    return table(
        "Not measured: kinds that are looked for and have no recall",
        columns("<Kind", "<Why"),
        [[code(name), why] for name, why in data.manifest.not_measured.items()],
    )


def _rule_table(rules: tuple[RuleCount, ...]) -> Table:
    ordered = sorted(rules, key=lambda row: (-row[2], row[0], row[1]))
    return table(
        "Findings by recognizer rule",
        columns("<Kind", "<Rule", "Found", "Changed"),
        [
            [code(entity), code(rule), grouped(found), grouped(changed)]
            for entity, rule, found, changed in ordered
        ],
    )

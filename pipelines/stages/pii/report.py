"""Identifiers found and changed, and what the detector is measured to miss."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from isinglass.pipelines.report.distributions import MOST_BARS, Bar, bars
from isinglass.pipelines.report.model import KeyFigure, ReportData
from isinglass.pipelines.report.text import (
    MISSING,
    THIN_SPACE,
    decimal,
    grouped,
    percent,
    shorten,
)
from isinglass.pipelines.stages.pii.leftovers import short
from isinglass.pipelines.stages.pii.report_hits import hit_blocks
from isinglass.pipelines.stages.pii.report_recall import bound_blocks, recall_blocks
from isinglass.schemas.manifest import FindingCount, Manifest

if TYPE_CHECKING:
    from isinglass.pipelines.stages.pii.counts import RuleCount

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
    if data.part("pii") is None and not (_own_findings(manifest) or manifest.recall):
        return not_run(anchor, title, "the configuration has no pii section.")
    kinds = _kinds(data)
    blocks: list[Block] = [*_found_figure(manifest), _findings_table(data, kinds)]
    if manifest.allowed:
        parts = [f"{grouped(n)} of {entity}" for entity, n in manifest.allowed.items()]
        said = (
            "Left in the text because a list of the configuration allows the value, "
            f"and not counted above: {', '.join(parts)}."
        )
        blocks.append(Paragraph(said, "warn"))
    blocks += hit_blocks(data, kinds)
    blocks.append(Heading("What was missed"))
    if manifest.recall:
        blocks += recall_blocks(data, kinds)
    else:
        blocks.append(Paragraph("Not run: no identifiers were planted.", "muted"))
    blocks += bound_blocks(data, kinds)
    if manifest.not_measured:
        caption = "Not measured: kinds that are looked for and have no recall"
        reasons: list[Row] = [
            [code(name), why] for name, why in manifest.not_measured.items()
        ]
        blocks.append(table(caption, columns("<Kind", "<Why"), reasons))
    if data.shown.get("pii"):
        blocks += [Heading("Which rules found them"), _rule_table(data.shown["pii"])]
    return Section(anchor, title, tuple(blocks))


def _found_figure(manifest: Manifest) -> list[Figure]:
    counts = _own_findings(manifest)
    found = sorted(counts, key=lambda kind: (-counts[kind].found, kind))
    rows = [Bar(kind, counts[kind].found, counts[kind].changed) for kind in found]
    if not rows:
        return []
    more = len(rows) - MOST_BARS
    rest = f"; {grouped(more)} more kinds are rarer" if more > 0 else ""
    caption = f"Findings by kind: hollow what was found, full what was changed{rest}"
    return [Figure(bars(rows, "Findings by kind"), caption)]


def figure(manifest: Manifest) -> KeyFigure:
    """Its number at the head of the report."""
    found, changed, _ = _sums(manifest)
    return KeyFigure(
        "identifiers found",
        grouped(found),
        f"{grouped(changed)} changed; {short(manifest)}",
    )


def line(manifest: Manifest) -> str:
    """Its part of what a command prints when it is done."""
    if (
        not _own_findings(manifest)
        and not manifest.recall
        and not manifest.config.get("pii")
    ):
        return "Identifiers: not run"
    found, changed, _ = _sums(manifest)
    planted = sum(recall.planted for recall in manifest.recall.values())
    again = sum(recall.found for recall in manifest.recall.values())
    said = f"Identifiers: {grouped(found)} found, {grouped(changed)} changed; "
    if not manifest.recall:
        return f"{said}{short(manifest)}"
    least = min(manifest.recall, key=lambda name: (manifest.recall[name].recall, name))
    return (
        f"{said}{grouped(again)} of {grouped(planted)} planted ones found, least of "
        f"{shorten(least)} ({percent(manifest.recall[least].recall)}); "
        f"{short(manifest)}"
    )


def _own_findings(manifest: Manifest) -> dict[str, FindingCount]:
    """Findings by kind, without those of stages from outside."""
    outside = manifest.stages
    return {
        entity: count
        for entity, count in manifest.findings.items()
        if entity.partition(".")[0] not in outside
    }


def _kinds(data: ReportData) -> list[str]:
    """All kinds that were looked for or found, most findings first."""
    findings = _own_findings(data.manifest)
    configured = (data.part("pii") or {}).get("entities", {})
    names = {*findings, *data.manifest.recall, *configured}
    found = {name: count.found for name, count in findings.items()}
    return sorted(names, key=lambda name: (-found.get(name, 0), name))


def _sums(manifest: Manifest) -> tuple[int, int, int]:
    """Found, changed and kept findings."""
    counts = _own_findings(manifest).values()
    found = sum(count.found for count in counts)
    changed = sum(count.changed for count in counts)
    return found, changed, sum(count.kept for count in counts)


def _operator(data: ReportData, entity: str) -> str:
    settings = (data.part("pii") or {}).get("entities", {}).get(entity, {})
    name: str = settings.get("operator", MISSING)
    return _OPERATOR_CLASS.get(name, name)


def _findings_table(data: ReportData, kinds: list[str]) -> Table:
    findings = _own_findings(data.manifest)
    words = data.slices.total("words", "output")
    per_words = f"Per 1{THIN_SPACE}000 words"

    def numbers(found: int, changed: int, kept: int) -> Row:
        return [
            grouped(found),
            grouped(changed),
            Cell(grouped(kept), tone="warn" if kept else ""),
            decimal(found * 1000 / words, 3) if words else MISSING,
        ]

    judged = _judged(data)
    heads = ("<Kind", "<Operator", "Found", "Changed", "Kept", per_words)

    rows = [
        [
            code(kind),
            _operator(data, kind),
            *numbers(n.found, n.changed, n.kept),
            *([judged.get(kind, MISSING)] if judged else []),
        ]
        for kind, n in ((kind, findings.get(kind)) for kind in kinds)
        if n is not None
    ]
    absent = [kind for kind in kinds if kind not in findings]
    none = f" Looked for and not found: {', '.join(absent)}." if absent else ""
    counted = f"{grouped(words)} words" if words else "not counted in this run"
    return table(
        "Findings by kind: found = changed + kept",
        columns(*heads, *(["Right, of those looked at"] if judged else [])),
        rows,
        total=["sum", "", *numbers(*_sums(data.manifest)), *([""] if judged else [])],
        note=f"Rates are over the words of the kept documents ({counted}).{none}",
    )


def _judged(data: ReportData) -> dict[str, str]:
    """Precision by marks of a person, of the kinds that somebody looked at."""
    return {
        row["entity"]: f"{percent(row['value'])} ({percent(row['low'])} to "
        f"{percent(row['high'])}, {grouped(row['denominator'])} looked at)"
        for row in data.slices.named("review.precision")
        if row["entity"] is not None
    }


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

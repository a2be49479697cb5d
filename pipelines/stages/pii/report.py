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
from isinglass.pipelines.report.sections.erasure import erasure_blocks
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
UPPER_BOUND = (
    "Second scan: the finished data was searched once more by wide patterns that share "
    "nothing with the detector. They take every number or word of the right shape, so "
    "most of what they hit in ordinary text is not personal data. Read the hits as an "
    "upper bound: of these shapes, no more than so many are left. They are no measure "
    "of recall. What operators wrote does not count; what they were told to keep does."
)
NO_SECOND_SCAN = {
    "audit": (
        "The second scan did not run: an audit writes no data that could be scanned."
    ),
    "off": "The second scan did not run: pii.second_scan is off.",
}
FEW = 30
"""Planted values below which a share says little; such cells are marked."""

WEAK_SHARE = 0.9
"""Cells with a smaller share found are marked."""

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
    erased = erasure_blocks(manifest.erasure)
    if data.part("pii") is None and not (manifest.findings or manifest.recall):
        if erased:
            return Section(anchor, title, tuple(erased))
        return not_run(anchor, title, "the configuration has no pii section.")
    blocks: list[Block] = [_findings_table(data)]
    if manifest.allowed:
        blocks.append(Paragraph(_allowed(manifest.allowed), "warn"))
    blocks.append(Heading("What was missed"))
    if manifest.recall:
        blocks += _recall_blocks(data)
    else:
        blocks.append(Paragraph("Not run: no identifiers were planted.", "muted"))
    blocks += _bound_blocks(data)
    if manifest.not_measured:
        blocks.append(_not_measured_table(data))
    if data.examples.findings_by_rule:
        blocks += [Heading("Which rules found them"), _rule_table(data)]
    blocks += erased
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
        if entity in findings
    ]
    absent = [entity for entity in _entities(data) if entity not in findings]
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
        found, _, _ = _counts(count)
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


def _bound_blocks(data: ReportData) -> list[Block]:
    """What the second scan hit, beside what is expected to be left."""
    scan, manifest = data.manifest.second_scan, data.manifest
    if scan is None:
        why = "audit" if manifest.verb == "audit" else "off"
        return [Paragraph(NO_SECOND_SCAN[why], "muted")]
    rows: list[Row] = []
    for name in (n for n in _entities(data) if n in scan.entities):
        measured, count = manifest.recall.get(name), manifest.findings.get(name)
        found, _, kept = _counts(count)
        hit = scan.entities[name]
        rows.append(
            [
                code(name),
                expected_leftover(found, measured.recall) if measured else MISSING,
                grouped(kept),
                grouped(hit.hits),
                grouped(hit.documents),
            ]
        )
    return [
        Paragraph(UPPER_BOUND),
        table(
            "What is left: expected, kept on purpose, and at most",
            columns(
                "<Kind",
                "Expected left",
                "Kept on purpose",
                "At most (hits)",
                "Documents with hits",
            ),
            rows,
            note=f"Over {grouped(scan.documents)} documents of data/.",
        ),
    ]


def _not_measured_table(data: ReportData) -> Table:
    return table(
        "Not measured: kinds that are looked for and have no recall",
        columns("<Kind", "<Why"),
        [[code(name), why] for name, why in data.manifest.not_measured.items()],
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
    if not measured.planted or not measured.found:
        return MISSING
    least = expected_leftover(found, measured.high)
    if measured.low <= 0.0:
        return f"{least} or more, unbounded"
    return f"{least} to {expected_leftover(found, measured.low)}"


def _slice_table(data: ReportData, axis: str, title: str) -> Table | None:
    """Found and planted by kind and position, language or source."""
    counts = {
        (part.entity, part.name): (part.found, part.planted)
        for part in data.manifest.recall_slices
        if part.by == axis and part.planted
    }
    if not counts:
        return None
    planted: dict[str, int] = {}
    for (_, name), (_, number) in counts.items():
        planted[name] = planted.get(name, 0) + number
    names = sorted(planted, key=_position_key)
    if len(names) > _MOST_COLUMNS:
        names = sorted(planted, key=lambda name: (-planted[name], name))
        title += f" (the {_MOST_COLUMNS} with most planted of {len(names)})"
        names = names[:_MOST_COLUMNS]
    entities = [name for name in _entities(data) if any(e == name for e, _ in counts)]
    return table(
        title,
        columns("<Kind", *(shorten(name) for name in names)),
        [
            [code(entity), *(_slice_cell(counts.get((entity, n))) for n in names)]
            for entity in entities
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

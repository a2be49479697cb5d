"""What went in, what came out and why: records and characters, with their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.svg import Flow, flow
from isinglass.pipelines.report.text import MINUS, grouped, share_of, shorten, words_of
from isinglass.pipelines.sums import conserved, told_counts
from isinglass.schemas.manifest import Characters, Manifest, Records
from isinglass.schemas.reasons import REASON_TEXT

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.pipelines.stage import Sum

_MOST_FLOWS = 7


def accounting_section(data: ReportData) -> page.Section:
    """Both account tables and the first quarantined records."""
    manifest = data.manifest
    records, _, characters = conserved(told_counts(manifest))
    blocks: list[page.Block] = []
    if manifest.verb == "audit":
        blocks.append(
            page.Paragraph(
                "This was an audit: no text was written. Kept means that a "
                "cleaning run with this configuration would keep the record.",
                "muted",
            )
        )
    blocks += [
        _record_table(manifest, records),
        _character_table(manifest, characters),
        page.Paragraph(_equation(manifest.characters, characters)),
    ]
    if data.quarantined:
        blocks.append(_quarantine_table(data))
    return page.Section(
        "accounting",
        "What went in, what came out and why",
        tuple(blocks),
        said=_in_one_line(manifest.records, records),
    )


def flow_figure(records: Records) -> page.Figure:
    """The picture at the head of the report: records by where they went."""
    flows = [Flow("kept", records.kept, "kept")]
    flows += _flows(records.dropped, "dropped")
    flows += _flows(records.quarantined, "held")
    if len(flows) > _MOST_FLOWS:
        rest = flows[_MOST_FLOWS - 1 :]
        count = sum(item.value for item in rest)
        other = Flow(f"{len(rest)} other reasons", count, "held")
        flows = [*flows[: _MOST_FLOWS - 1], other]
    return page.Figure(
        flow(records.total_in, flows),
        "Every record that was read, by where it went. Bars are to scale, but never "
        "thinner than a hairline.",
    )


def _flows(counts: dict[str, int], tone: str) -> list[Flow]:
    return [Flow(words_of(name), n, tone) for name, n in _ordered(counts) if n]


def _ordered(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _record_table(manifest: Manifest, books: Sum) -> page.Table:
    sentences: dict[str, str] = {}
    for stage in manifest.stages.values():
        sentences |= stage.reasons
    sentences |= REASON_TEXT
    records, total = manifest.records, manifest.records.total_in
    rows: list[page.Row] = [
        ["kept", "", grouped(records.kept), share_of(records.kept, total), ""]
    ]
    counted = {"dropped": records.dropped, "quarantined": records.quarantined}
    for outcome, counts in counted.items():
        rows += [
            [
                outcome,
                shorten(words_of(reason)),
                grouped(count),
                share_of(count, total),
                shorten(sentences.get(reason, "")),
            ]
            for reason, count in _ordered(counts)
        ]
    sums = ["sum", "", grouped(books.right), share_of(books.right, total)]
    return page.table(
        f"Records: share of the {grouped(total)} read",
        page.columns("<Outcome", "<Reason", "Records", "Share", "<What it means"),
        rows,
        total=[*sums, _check(books, "records read")],
    )


def _in_one_line(records: Records, books: Sum) -> str:
    return (
        f"Records: {grouped(records.total_in)} in {_sign(books)} "
        f"{grouped(records.kept)} kept + "
        f"{grouped(sum(records.dropped.values()))} dropped + "
        f"{grouped(sum(records.quarantined.values()))} quarantined."
    )


def _sign(books: Sum) -> str:
    return "=" if books.left == books.right else "≠"


def _check(books: Sum, what: str) -> page.Cell:
    if books.left == books.right:
        return page.Cell(f"✓ equals the {grouped(books.left)} {what}", tone="good")
    return page.Cell(f"✗ does not equal the {grouped(books.left)} {what}", tone="bad")


def _character_table(manifest: Manifest, books: Sum) -> page.Table:
    characters = manifest.characters
    total = characters.total_in
    others = sorted(name for name, stage in manifest.stages.items() if stage.edits)
    by = "".join(f" or by {shorten(name)}" for name in others)
    before = total - characters.dropped - characters.quarantined
    audit = manifest.verb == "audit"
    where = "that would be written" if audit else "written to data/"
    steps = [
        ("in every document that could be decoded", total),
        (f"{MINUS} in dropped documents", characters.dropped),
        (f"{MINUS} in quarantined documents", characters.quarantined),
        ("leaves in kept documents, before redaction", before),
        (f"{MINUS} removed as boilerplate", characters.cut),
        (f"{MINUS} removed as identifiers{by}", characters.redacted),
        ("plus what was put in their place", characters.inserted),
    ]
    if not characters.cut:
        del steps[4]

    def row(label: str, count: int) -> list[str]:
        return [label, grouped(count), share_of(count, total)]

    return page.table(
        f"Characters (code points): share of the {grouped(total)} read",
        page.columns("<Step", "Characters", "Share", "<Check"),
        [[*row(*step), ""] for step in steps],
        total=[
            *row(f"makes in kept documents, {where}", books.right),
            _check(books, "characters kept"),
        ],
    )


def _equation(characters: Characters, books: Sum) -> str:
    cut = f"{grouped(characters.cut)} cut {MINUS} " if characters.cut else ""
    return (
        f"In one line: {grouped(characters.total_in)} in {MINUS} "
        f"{grouped(characters.dropped)} dropped {MINUS} "
        f"{grouped(characters.quarantined)} quarantined {MINUS} {cut}"
        f"{grouped(characters.redacted)} redacted + "
        f"{grouped(characters.inserted)} inserted {_sign(books)} "
        f"{grouped(characters.kept)} characters kept."
    )


def _quarantine_table(data: ReportData) -> page.Table:
    held = sum(data.manifest.records.quarantined.values())
    rows: list[page.Row] = [
        [page.code(path), grouped(row), page.code(doc_id), words_of(reason)]
        for path, row, doc_id, reason in data.quarantined
    ]
    return page.table(
        f"Quarantined records: {grouped(len(rows))} of {grouped(held)}",
        page.columns("<Input file", "Row", "<doc_id", "<Reason"),
        rows,
        note="All of them, with their bytes, are in quarantine/ (restricted).",
    )

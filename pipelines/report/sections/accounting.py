"""What went in, what came out and why: records and characters, with their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.blocks import (
    Block,
    Cell,
    Figure,
    Paragraph,
    Row,
    Section,
    Table,
    code,
    columns,
    table,
)
from isinglass.pipelines.report.books import (
    Books,
    books_of_characters,
    books_of_records,
    characters_of_kept,
)
from isinglass.pipelines.report.svg import Flow, flow
from isinglass.pipelines.report.text import MINUS, grouped, share_of, shorten, words_of
from isinglass.schemas.reasons import REASON_TEXT

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import Characters, Manifest, Records

_MOST_FLOWS = 7


def accounting_section(data: ReportData) -> Section:
    """Both account tables, the flow picture and the first quarantined records."""
    manifest = data.manifest
    blocks: list[Block] = []
    if manifest.verb == "audit":
        blocks.append(
            Paragraph(
                "This was an audit: no text was written. Kept means that a "
                "cleaning run with this configuration would keep the record.",
                "muted",
            )
        )
    blocks += [
        _flow_figure(manifest.records),
        _record_table(manifest.records, _sentences(manifest)),
        _character_table(manifest, written=manifest.verb != "audit"),
        Paragraph(_equation(manifest.characters)),
    ]
    if data.quarantined:
        blocks.append(_quarantine_table(data))
    return Section("accounting", "What went in, what came out and why", tuple(blocks))


def _flow_figure(records: Records) -> Figure:
    flows = [Flow("kept", records.kept, "kept")]
    flows += _flows(records.dropped, "dropped")
    flows += _flows(records.quarantined, "held")
    if len(flows) > _MOST_FLOWS:
        rest = flows[_MOST_FLOWS - 1 :]
        count = sum(item.value for item in rest)
        flows = [
            *flows[: _MOST_FLOWS - 1],
            Flow(f"{len(rest)} other reasons", count, "held"),
        ]
    caption = "Every record that was read, by where it went. Bars are to scale, "
    caption += "but never thinner than a hairline."
    return Figure(flow(records.total_in, flows), caption)


def _flows(counts: dict[str, int], tone: str) -> list[Flow]:
    return [Flow(words_of(name), n, tone) for name, n in _ordered(counts) if n]


def _ordered(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _sentences(manifest: Manifest) -> dict[str, str]:
    """A sentence for each reason, those of stages from outside included."""
    told = [stage.reasons for stage in manifest.stages.values()]
    return {
        reason: text
        for reasons in (*told, REASON_TEXT)
        for reason, text in reasons.items()
    }


def _record_table(records: Records, sentences: dict[str, str]) -> Table:
    total = records.total_in
    rows: list[Row] = [
        ["kept", "", grouped(records.kept), share_of(records.kept, total), ""]
    ]
    for outcome, counts in (
        ("dropped", records.dropped),
        ("quarantined", records.quarantined),
    ):
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
    books = books_of_records(records)
    sums = ["sum", "", grouped(books.counted), share_of(books.counted, total)]
    return table(
        f"Records: share of the {grouped(total)} read",
        columns("<Outcome", "<Reason", "Records", "Share", "<What it means"),
        rows,
        total=[*sums, _check(books, "records read")],
        note=_record_equation(records),
    )


def _record_equation(records: Records) -> str:
    sign = "=" if books_of_records(records).balanced else "≠"
    return (
        f"In one line: {grouped(records.total_in)} in {sign} "
        f"{grouped(records.kept)} kept + "
        f"{grouped(sum(records.dropped.values()))} dropped + "
        f"{grouped(sum(records.quarantined.values()))} quarantined."
    )


def _check(books: Books, what: str) -> Cell:
    if books.balanced:
        return Cell(f"✓ equals the {grouped(books.stated)} {what}", tone="good")
    return Cell(f"✗ does not equal the {grouped(books.stated)} {what}", tone="bad")


def _character_table(manifest: Manifest, *, written: bool) -> Table:
    characters = manifest.characters
    total = characters.total_in
    others = sorted(name for name, stage in manifest.stages.items() if stage.edits)
    by = "".join(f" or by {shorten(name)}" for name in others)
    before = characters_of_kept(characters)
    books = books_of_characters(characters)
    where = "written to data/" if written else "that would be written"

    def row(label: str, count: int) -> Row:
        return [label, grouped(count), share_of(count, total)]

    cut: list[Row] = []
    if characters.cut:
        cut = [[*row(f"{MINUS} removed as boilerplate", characters.cut), ""]]
    return table(
        f"Characters (code points): share of the {grouped(total)} read",
        columns("<Step", "Characters", "Share", "<Check"),
        [
            [*row("in every document that could be decoded", total), ""],
            [*row(f"{MINUS} in dropped documents", characters.dropped), ""],
            [*row(f"{MINUS} in quarantined documents", characters.quarantined), ""],
            [*row("= in kept documents, before redaction", before), ""],
            *cut,
            [*row(f"{MINUS} removed as identifiers{by}", characters.redacted), ""],
            [*row("+ put in their place", characters.inserted), ""],
        ],
        total=[
            *row(f"= in kept documents, {where}", books.counted),
            _check(books, "characters kept"),
        ],
    )


def _equation(characters: Characters) -> str:
    books = books_of_characters(characters)
    sign = "=" if books.balanced else "≠"
    cut = f"{grouped(characters.cut)} cut {MINUS} " if characters.cut else ""
    return (
        f"In one line: {grouped(characters.total_in)} in {MINUS} "
        f"{grouped(characters.dropped)} dropped {MINUS} "
        f"{grouped(characters.quarantined)} quarantined {MINUS} {cut}"
        f"{grouped(characters.redacted)} redacted + "
        f"{grouped(characters.inserted)} inserted {sign} "
        f"{grouped(characters.kept)} characters kept."
    )


def _quarantine_table(data: ReportData) -> Table:
    held = sum(data.manifest.records.quarantined.values())
    rows: list[Row] = [
        [code(path), grouped(row), code(doc_id), words_of(reason)]
        for path, row, doc_id, reason in data.quarantined
    ]
    return table(
        f"Quarantined records: {grouped(len(rows))} of {grouped(held)}",
        columns("<Input file", "Row", "<doc_id", "<Reason"),
        rows,
        note="All of them, with their bytes, are in quarantine/ (restricted).",
    )

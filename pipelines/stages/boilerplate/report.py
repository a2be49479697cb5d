"""Boilerplate: which paragraphs many documents of a source share; never their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import MISSING, grouped, share_of
from isinglass.pipelines.stages.boilerplate.listing import (
    MOST_PARAGRAPHS,
    BoilerplateList,
    BoilerplateParagraph,
)
from isinglass.schemas.config.dedup import ParagraphsConfig

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import Manifest

_BORDERS = {"blank_line": "blank lines", "line": "line ends"}


def section(data: ReportData) -> page.Section | None:
    """What was found, what became of it, and the most frequent paragraphs."""
    found: BoilerplateList | None = data.shown.get("boilerplate")
    if found is None:
        return None
    dedup = data.part("dedup") or {}
    config = ParagraphsConfig.model_validate(dedup.get("paragraphs"))
    blocks = (page.Heading("Boilerplate"), *paragraph_blocks(found, config))
    return page.Section("duplicates", "Boilerplate", blocks)


def unsought(manifest: Manifest) -> list[str]:
    """That nobody looked for boilerplate."""
    dedup = manifest.config.get("dedup") or {}
    if dedup.get("paragraphs"):
        return []
    return ["Paragraphs that many documents share: dedup.paragraphs is off."]


def paragraph_blocks(
    found: BoilerplateList, config: ParagraphsConfig
) -> tuple[page.Block, ...]:
    """The parts of the section, below its heading."""
    blocks: list[page.Block] = [
        page.Paragraph(_found(found, config)),
        _fate(found, config),
    ]
    if found.top:
        rows: list[page.Row] = [_row(item) for item in found.top[:MOST_PARAGRAPHS]]
        of = f"{grouped(len(rows))} of {grouped(found.paragraphs)}"
        blocks.append(
            page.table(
                f"Boilerplate paragraphs in most documents: {of}",
                page.columns(
                    "Paragraph", "<Source", "Documents", "Characters", "<Example doc_id"
                ),
                rows,
                note="Equal texts count as one document. audit/paragraphs.parquet "
                "has all of them, paragraphs/ each place in a kept document.",
            )
        )
    return tuple(blocks)


def _row(item: BoilerplateParagraph) -> page.Row:
    length = MISSING if item.characters is None else grouped(item.characters)
    example = item.example_doc_id
    return [
        grouped(item.paragraph),
        item.source or MISSING,
        grouped(item.documents),
        length,
        MISSING if example is None else page.code(example),
    ]


def _found(found: BoilerplateList, config: ParagraphsConfig) -> str:
    return (
        f"Paragraphs end at {_BORDERS[config.split]}; those of at least "
        f"{grouped(config.min_characters)} characters count. "
        f"{grouped(found.paragraphs)} of them are in more than "
        f"{grouped(config.max_documents)} documents of one source: boilerplate. "
        f"Kept documents hold it in {grouped(found.spans)} places."
    )


def _fate(found: BoilerplateList, config: ParagraphsConfig) -> page.Paragraph:
    if not config.remove:
        return page.Paragraph("It was listed and stays in the texts.", "muted")
    return page.Paragraph(
        f"It was cut out before identifiers were looked for: {grouped(found.cut)} "
        f"characters, {share_of(found.cut, found.total)} of those of kept documents. "
        f"{grouped(found.dropped)} documents held nothing else and were dropped."
    )

"""Boilerplate: which paragraphs many documents of a source share; never their text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from isinglass.pipelines.report.blocks import (
    Block,
    Paragraph,
    Row,
    code,
    columns,
    table,
)
from isinglass.pipelines.report.text import MISSING, grouped, share_of

if TYPE_CHECKING:
    from isinglass.schemas.config.dedup import ParagraphsConfig

MOST_PARAGRAPHS = 20
_BORDERS = {"blank_line": "blank lines", "line": "line ends"}


class BoilerplateParagraph(NamedTuple):
    """One row of `audit/paragraphs.parquet`."""

    paragraph: int
    source: str | None
    documents: int
    characters: int | None
    example_doc_id: str | None


@dataclass(frozen=True)
class BoilerplateList:
    """What the report shows of boilerplate.

    Attributes:
        paragraphs: Boilerplate paragraphs of all sources.
        spans: Places in kept documents where one of them is.
        cut: Code points that were cut out of kept documents.
        total: Code points of kept documents before that.
        dropped: Documents of which nothing would have been left.
        top: The first of them, by their number.
    """

    paragraphs: int
    spans: int
    cut: int
    total: int
    dropped: int
    top: tuple[BoilerplateParagraph, ...]


def paragraph_blocks(
    found: BoilerplateList, config: ParagraphsConfig
) -> tuple[Block, ...]:
    """What was found, what became of it, and the most frequent paragraphs.

    Args:
        found: Counts and the first rows of the list.
        config: The `dedup.paragraphs` section.
    """
    blocks: list[Block] = [Paragraph(_found(found, config)), _fate(found, config)]
    if found.top:
        shown = found.top[:MOST_PARAGRAPHS]
        rows: list[Row] = [_row(item) for item in shown]
        of = f"{grouped(len(rows))} of {grouped(found.paragraphs)}"
        blocks.append(
            table(
                f"Boilerplate paragraphs in most documents: {of}",
                columns(
                    "Paragraph",
                    "<Source",
                    "Documents",
                    "Characters",
                    "<Example doc_id",
                ),
                rows,
                note="Equal texts count as one document. audit/paragraphs.parquet "
                "has all of them, paragraphs/ each place in a kept document.",
            )
        )
    return tuple(blocks)


def _row(item: BoilerplateParagraph) -> Row:
    length = MISSING if item.characters is None else grouped(item.characters)
    example = item.example_doc_id
    return [
        grouped(item.paragraph),
        item.source or MISSING,
        grouped(item.documents),
        length,
        MISSING if example is None else code(example),
    ]


def _found(found: BoilerplateList, config: ParagraphsConfig) -> str:
    return (
        f"Paragraphs end at {_BORDERS[config.split]}; those of at least "
        f"{grouped(config.min_characters)} characters count. "
        f"{grouped(found.paragraphs)} of them are in more than "
        f"{grouped(config.max_documents)} documents of one source: boilerplate. "
        f"Kept documents hold it in {grouped(found.spans)} places."
    )


def _fate(found: BoilerplateList, config: ParagraphsConfig) -> Paragraph:
    if not config.remove:
        return Paragraph("It was listed and stays in the texts.", "muted")
    return Paragraph(
        f"It was cut out before identifiers were looked for: {grouped(found.cut)} "
        f"characters, {share_of(found.cut, found.total)} of those of kept documents. "
        f"{grouped(found.dropped)} documents held nothing else and were dropped."
    )

"""What the report says of boilerplate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.blocks import Block, Heading, Paragraph, Table
from isinglass.pipelines.report.model import ReportData, Slices
from isinglass.pipelines.report.text import MISSING, grouped, share_of
from isinglass.pipelines.stages.boilerplate.listing import (
    BoilerplateList,
    BoilerplateParagraph,
)
from isinglass.pipelines.stages.boilerplate.report import paragraph_blocks, section
from isinglass.schemas.config.dedup import ParagraphsConfig

if TYPE_CHECKING:
    from isinglass.schemas.manifest import Manifest

TOP = (
    BoilerplateParagraph(0, "web", 4_321, 57, "a" * 32),
    BoilerplateParagraph(1, None, 12, None, None),
)


def found(paragraphs: int, top: tuple[BoilerplateParagraph, ...]) -> BoilerplateList:
    return BoilerplateList(paragraphs, 4_400, 2_000, 10_000, 3, top)


def said(blocks: tuple[Block, ...]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph))


def test_the_first_paragraphs_are_shown_without_text() -> None:
    blocks = paragraph_blocks(found(2, TOP), ParagraphsConfig(max_documents=11))
    shown = blocks[-1]
    assert isinstance(shown, Table)
    assert shown.caption.endswith("2 of 2")
    assert [[cell.text for cell in row] for row in shown.rows] == [
        ["0", "web", grouped(4_321), "57", "a" * 32],
        ["1", MISSING, "12", MISSING, MISSING],
    ]
    text = said(blocks)
    assert "in more than 11 documents" in text
    assert "stays in the texts" in text


def test_what_was_cut_is_a_share_of_the_kept_characters() -> None:
    config = ParagraphsConfig(remove=True, split="line")
    text = said(paragraph_blocks(found(2, TOP), config))
    assert "end at line ends" in text
    assert f"{grouped(2_000)} characters, {share_of(2_000, 10_000)} of" in text
    assert "3 documents held nothing else" in text


def test_no_more_than_twenty_are_shown() -> None:
    many = tuple(BoilerplateParagraph(n, "web", 99, 30, "b") for n in range(40))
    shown = paragraph_blocks(found(40, many), ParagraphsConfig())[-1]
    assert isinstance(shown, Table)
    assert len(shown.rows) == 20
    assert shown.caption.endswith("20 of 40")


def test_without_boilerplate_there_is_no_table() -> None:
    blocks = paragraph_blocks(found(0, ()), ParagraphsConfig())
    assert not any(isinstance(block, Table) for block in blocks)


def test_it_stands_in_the_section_of_duplicates(manifest: Manifest) -> None:
    dedup = {"paragraphs": {"max_documents": 11}}
    changed = manifest.model_copy(update={"config": {"dedup": dedup}})
    shown = {"boilerplate": found(2, TOP)}
    made = section(ReportData(changed, Slices(()), shown=shown))
    assert made is not None
    assert made.anchor == "duplicates"
    assert made.blocks[0] == Heading("Boilerplate")
    assert "in more than 11 documents" in said(made.blocks)
    assert section(ReportData(changed, Slices(()))) is None

"""How a section stands on the page: a line, its pictures, and the rest on a click."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from isinglass.pipelines.report.blocks import (
    Block,
    Figure,
    Fold,
    Heading,
    Paragraph,
    Section,
    Table,
    shortened,
)
from isinglass.pipelines.report.text import grouped, shorten

MOST_PICTURES = 3
"""Pictures that stand side by side; further ones open with the details."""

MOST_REMARKS, _LONG_LINE = 2, 400
_ALOUD = ("good", "warn", "bad")
_LONGEST = 4000


@dataclass(frozen=True)
class Part:
    """A section, sorted by what is seen before anything is opened."""

    section: Section
    remarks: tuple[Paragraph, ...]
    pictures: tuple[Figure, ...]
    details: tuple[Block, ...]

    @property
    def opens(self) -> str:
        """What is behind the click."""
        counts = {
            "table": sum(isinstance(one, Table) for one in self.details),
            "list": sum(isinstance(one, Fold) for one in self.details),
            "picture": sum(isinstance(one, Figure) for one in self.details),
        }
        told = [f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts.items() if n]
        return ", ".join(told)


def part(section: Section) -> Part:
    """The first pictures and what is said aloud stand open, all else is details."""
    texts = [one for one in section.blocks if isinstance(one, Paragraph)]
    if len(texts) == len(section.blocks) <= MOST_REMARKS:
        return Part(section, tuple(texts), (), ())
    remarks: list[Paragraph] = []
    pictures: list[Figure] = []
    details: list[Block] = []
    title = ""
    for block in section.blocks:
        if isinstance(block, Heading):
            title = block.text
        if isinstance(block, Figure) and len(pictures) < MOST_PICTURES:
            pictures.append(replace(block, title=block.title or title))
        elif (
            isinstance(block, Paragraph)
            and block.tone in _ALOUD
            and len(remarks) < MOST_REMARKS
        ):
            short = shorten(block.text, _LONG_LINE)
            remarks.append(replace(block, text=short))
            if short != block.text:
                details.append(block)
        else:
            details.append(block)
    return Part(
        section, tuple(remarks), tuple(pictures), tuple(_without_empty(details))
    )


def _without_empty(blocks: Sequence[Block]) -> Iterator[Block]:
    """Without headings that nothing stands below any more."""
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        empty = following is None or isinstance(following, Heading)
        if not (isinstance(block, Heading) and empty):
            yield block


def bounded(sections: Iterable[Section], rows: int, blocks: int) -> list[Section]:
    """Sections of at most so many blocks, and tables of at most so many rows."""
    return [_bounded(section, rows, blocks) for section in sections]


def _bounded(section: Section, rows: int, blocks: int) -> Section:
    made = [_short(block, rows) for block in section.blocks[:blocks]]
    more = len(section.blocks) - len(made)
    if more > 0:
        text = (
            f"{grouped(more)} more parts of this section are left out here. Their "
            "numbers are in audit/statistics.parquet and manifest.json."
        )
        made.append(Paragraph(text, "muted"))
    said = shorten(section.said, _LONG_LINE)
    return replace(section, blocks=tuple(made), said=said)


def _short(block: Block, rows: int) -> Block:
    if isinstance(block, Table):
        return shortened(block, rows)
    if isinstance(block, Paragraph | Heading):
        return replace(block, text=shorten(block.text, _LONGEST))
    if isinstance(block, Fold):
        lines = block.lines[: rows * 10]
        if more := len(block.lines) - len(lines):
            lines = (*lines, f"({grouped(more)} more lines are in manifest.json)")
        inner = None if block.table is None else shortened(block.table, rows)
        return replace(block, table=inner, lines=lines)
    return block

"""The few kinds of content that a report is made of; the template draws each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from isinglass.pipelines.report.text import MISSING, grouped, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markupsafe import Markup

Tone = Literal["", "good", "warn", "bad", "muted", "code"]

_LONG_CELL = 200
MOST_ROWS = 200
"""Rows of a table that are shown; what is left out is counted below it."""


@dataclass(frozen=True)
class Cell:
    """One table cell.

    Attributes:
        title: Longer form, shown on hover (a full hash).
        bar: A share of 0..1 drawn as a thin bar under the text.
    """

    text: str
    title: str = ""
    tone: Tone = ""
    bar: float | None = None


Row = list[Cell | str]
"""A row before plain strings are made cells."""


@dataclass(frozen=True)
class Column:
    """A column heading; numeric columns are aligned to the right."""

    label: str
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """A captioned table with an optional row of sums and a note below."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] = ()
    note: str = ""
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a plain statement stands in the margin colour of its tone."""

    text: str
    tone: Tone = ""
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Figure:
    """An inline SVG with the sentence that says what to see in it."""

    svg: Markup
    caption: str
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Fold:
    """Content that opens on a click: a table, or lines of plain text."""

    label: str
    table: Table | None = None
    lines: tuple[str, ...] = ()
    kind: Literal["fold"] = "fold"


Block = Table | Paragraph | Figure | Heading | Fold


@dataclass(frozen=True)
class Section:
    """A titled part of the report; `ran` if more is said than that it was off."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    ran: bool = True


def columns(*labels: str) -> tuple[Column, ...]:
    """Columns from their labels; one that starts with `<` holds text."""
    return tuple(
        Column(label.removeprefix("<"), numeric=not label.startswith("<"))
        for label in labels
    )


def cells(row: Sequence[Cell | str]) -> tuple[Cell, ...]:
    """Cells of a row; plain strings are cut to a readable length."""
    return tuple(
        Cell(shorten(one, _LONG_CELL)) if isinstance(one, str) else one for one in row
    )


def table(
    caption: str,
    heads: tuple[Column, ...],
    rows: Iterable[Sequence[Cell | str]],
    total: Sequence[Cell | str] = (),
    note: str = "",
) -> Table:
    """A table of at most `MOST_ROWS` rows; the note counts those left out."""
    made = [cells(row) for row in rows]
    left_out = len(made) - MOST_ROWS
    if left_out > 0:
        more = f"{grouped(left_out)} more rows are in manifest.json or audit/."
        note = f"{note} {more}".strip()
    return Table(caption, heads, tuple(made[:MOST_ROWS]), cells(total), note)


def not_run(anchor: str, title: str, why: str) -> Section:
    """A section of one line, for a part that was off."""
    line = Paragraph(f"Not run: {why}", "muted")
    return Section(anchor, title, (line,), ran=False)


def joined(sections: Iterable[Section]) -> list[Section]:
    """One section an anchor: the blocks of later ones stand below those of the first.

    That the first was not run is left out where another one has something to say.
    """
    found: dict[str, Section] = {}
    for section in sections:
        first = found.setdefault(section.anchor, section)
        if first is section:
            continue
        if first.ran:
            both = (*first.blocks, *section.blocks)
        else:
            both = section.blocks if section.ran else first.blocks
        found[first.anchor] = replace(first, blocks=both, ran=first.ran or section.ran)
    return list(found.values())


def code(text: str) -> Cell:
    """A path, id or option, set in a fixed-width face and wrapped anywhere."""
    return Cell(shorten(text, _LONG_CELL), tone="code")


def digest(sha256: str) -> Cell:
    """A hash by its first 12 digits; the whole of it on hover."""
    return Cell(shorten(sha256[:12] or MISSING), title=shorten(sha256), tone="code")

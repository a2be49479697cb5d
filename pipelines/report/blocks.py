"""The few kinds of content that a report is made of; the template draws each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from isinglass.pipelines.report.text import MISSING, no_formula, shorten

if TYPE_CHECKING:
    from markupsafe import Markup

Tone = Literal["", "good", "warn", "bad", "muted", "code"]

_LONG_CELL = 200
MOST_ROWS = 40
"""Rows of a table that are shown; what is left out is counted below it."""

_LEAST_WHOLE = 3
"""Rows that say 100 %, from which on one line stands for them."""


@dataclass(frozen=True)
class Cell:
    """One table cell; `title` is shown on hover, `bar` (0..1) drawn under the text.

    `share` (0..1) is what the text says of a whole, where no bar is drawn of it.
    """

    text: str
    title: str = ""
    tone: Tone = ""
    bar: float | None = None
    share: float | None = None


Row = list[Cell | str]
"""A row before plain strings are made cells."""


@dataclass(frozen=True)
class Column:
    """A column heading; numeric columns are aligned to the right."""

    label: str
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """A captioned table with an optional row of sums and a note below.

    Of the rows in `whole` every share is 100 %: they open on a click. `left_out` more
    are not shown.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] = ()
    note: str = ""
    whole: tuple[tuple[Cell, ...], ...] = ()
    left_out: int = 0
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a plain statement stands in the margin colour of its tone."""

    text: str
    tone: Tone = ""
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Figure:
    """An inline SVG with the sentence that says what to see in it, and a title."""

    svg: Markup
    caption: str
    title: str = ""
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
    """A titled part of the report; `ran` if more is said than that it was off.

    `said` is the whole of it in a line; where it is empty, the line of the stage is.
    """

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    ran: bool = True
    said: str = ""


def columns(*labels: str) -> tuple[Column, ...]:
    """Columns from their labels; one that starts with `<` holds text."""
    return tuple(
        Column(no_formula(label.removeprefix("<")), numeric=not label.startswith("<"))
        for label in labels
    )


def cells(row: Sequence[Cell | str]) -> tuple[Cell, ...]:
    """Cells of a row; plain strings are cut to a readable length."""
    made = (
        Cell(shorten(one, _LONG_CELL)) if isinstance(one, str) else one for one in row
    )
    return tuple(replace(one, text=no_formula(one.text)) for one in made)


def table(
    caption: str,
    heads: tuple[Column, ...],
    rows: Iterable[Sequence[Cell | str]],
    total: Sequence[Cell | str] = (),
    note: str = "",
) -> Table:
    """A table of at most `MOST_ROWS` rows; three or more that say 100 % are folded."""
    made = [cells(row) for row in rows]
    whole = [row for row in made if _is_whole(row)]
    if len(whole) >= _LEAST_WHOLE:
        made = [row for row in made if not _is_whole(row)]
    else:
        whole = []
    told = Table(
        caption, heads, tuple(made), cells(total), note, tuple(whole), left_out=0
    )
    return shortened(told, MOST_ROWS)


def _is_whole(row: Sequence[Cell]) -> bool:
    """Whether a row states shares, and all of them are the whole."""
    shares = [one.bar if one.share is None else one.share for one in row]
    told = [share for share in shares if share is not None]
    return bool(told) and all(share == 1.0 for share in told)


def shortened(full: Table, most: int) -> Table:
    """At most so many rows, of them that are folded too; the others are counted."""
    rows, whole = full.rows[:most], full.whole[:most]
    gone = len(full.rows) - len(rows) + len(full.whole) - len(whole)
    return replace(full, rows=rows, whole=whole, left_out=full.left_out + gone)


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
        said = " ".join(line for line in (first.said, section.said) if line)
        ran = first.ran or section.ran
        found[first.anchor] = replace(first, blocks=both, ran=ran, said=said)
    return list(found.values())


def code(text: str) -> Cell:
    """A path, id or option, set in a fixed-width face and wrapped anywhere."""
    return Cell(shorten(text, _LONG_CELL), tone="code")


def digest(sha256: str) -> Cell:
    """A hash by its first 12 digits; the whole of it on hover."""
    return Cell(shorten(sha256[:12] or MISSING), title=shorten(sha256), tone="code")

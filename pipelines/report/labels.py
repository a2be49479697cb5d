"""Labels of columns for narrow screens, where every row of a table is a card."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from markupsafe import Markup

from isinglass.pipelines.report.blocks import Block, Column, Fold, Section, Table
from isinglass.pipelines.report.text import visible


def class_of(columns: tuple[Column, ...]) -> str:
    """The class of tables with these columns."""
    labels = "\0".join(column.label for column in columns)
    return f"c{zlib.crc32(labels.encode('utf-8', 'replace')):08x}"


def label_rules(sections: Iterable[Section]) -> Markup:
    """A rule for each column of a table: what is written before its cells."""
    heads = {
        class_of(table.columns): table.columns
        for section in sections
        for block in section.blocks
        for table in _tables(block)
    }
    rules = (
        f".{name} td:nth-child({place}){{--label:{_string(column.label)}}}"
        for name, columns in heads.items()
        for place, column in enumerate(columns, 1)
        if place > 1 and column.label
    )
    # Every character that could end a string or a style sheet is a number in it.
    return Markup("\n").join(map(Markup, rules))


def _tables(block: Block) -> Iterator[Table]:
    table = block.table if isinstance(block, Fold) else block
    if isinstance(table, Table):
        yield table


def _string(text: str) -> str:
    """A string of CSS; letters and digits stand for themselves."""
    told = "".join(
        letter
        if letter.isascii() and (letter.isalnum() or letter == " ")
        else f"\\{ord(letter):06x}"
        for letter in visible(text)
    )
    return f'"{told}"'

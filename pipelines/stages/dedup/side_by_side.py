"""Two texts in two columns, shared parts opposite each other and marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.box import MINIMAL
from rich.table import Table
from rich.text import Text

from isinglass.pipelines.report.text import CLOSE, OPEN, inert, visible
from isinglass.transforms.dedup.align import Stretch, align

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from isinglass.pipelines.stages.dedup.story import Texts
    from isinglass.transforms.dedup.shared import Comparison, Side

CONTEXT = 16
"""Shared units shown before and after what is folded."""
_LEAST_FOLDED = 24
_LONG = 240
"""Units in a row of one text that are not shared; more are folded."""
_LONG_SHOWN = 80
MOST_ROWS = 60

_STYLES = ("red", "green")
_DIM = "dim"
_WHITE = re.compile(r"\s+")

_Row = tuple[Text, Text]


@dataclass(frozen=True)
class Look:
    """How texts are shown.

    `marks` sets unshared parts in brackets, for output without colours; `full` shows
    everything instead of differences with context.
    """

    marks: bool
    full: bool

    def legend(self, units: str) -> str:
        """What the marks mean, of texts compared by these units."""
        if self.marks:
            marked = f"{OPEN}{CLOSE} encloses what the other text does not share"
        else:
            marked = (
                "coloured: what the other text does not share, "
                "bold where it also differs from what stands opposite"
            )
        return (
            f"{marked}; ¶ is a blank line. {units.capitalize()} are compared: what "
            "stands between them does not count."
        )


@dataclass(frozen=True)
class Beside:
    """The texts of a duplicate, which a console prints side by side.

    One that is missing is left out; `full` is as of `Look`.
    """

    texts: Texts
    titles: tuple[str, str]
    full: bool

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        """Both texts in colours where there are any, and what the marks mean."""
        del options
        coloured = console.is_terminal and console.color_system and not console.no_color
        look = Look(marks=not coloured, full=self.full)
        if self.texts.comparison is None:
            both = (self.texts.removed, self.texts.kept)
            for title, text in zip(self.titles, both, strict=True):
                if text is not None:
                    yield Text(title, "bold")
                    yield one_text(text, look)
            return
        table, left_out = side_by_side(self.texts.comparison, self.titles, look)
        yield table
        if left_out:
            yield Text(f"… {left_out:,} more rows; --full shows everything.", "dim")
        yield Text(look.legend(self.texts.comparison.units), "dim")


def side_by_side(
    comparison: Comparison, titles: tuple[str, str], look: Look
) -> tuple[Table, int]:
    """Two columns of equal width, and how many rows were left out of them."""
    rows = _rows(comparison, look)
    shown = rows if look.full else rows[:MOST_ROWS]
    table = Table(box=MINIMAL, expand=True, pad_edge=False, show_edge=False)
    for title in titles:
        table.add_column(Text(title), ratio=1, overflow="fold")
    for row in shown:
        table.add_row(*row)
    return table, len(rows) - len(shown)


def one_text(text: str, look: Look) -> Text:
    """A text without anything to compare it with; its begin, unless in full."""
    words = tidy(text, look).split(" ")
    if look.full or len(words) <= _LONG:
        return Text(" ".join(words))
    shown = Text(" ".join(words[:_LONG]))
    return shown.append(f" … {len(words) - _LONG:,} more words …", _DIM)


def tidy(text: str, look: Look) -> str:
    """A text that cannot steer a terminal, with white space folded."""
    folded = _WHITE.sub(lambda m: " ¶ " if m[0].count("\n") > 1 else " ", text)
    return inert(folded) if look.marks else visible(folded)


def _rows(comparison: Comparison, look: Look) -> list[_Row]:
    left, right = sides = comparison.left, comparison.right
    rows = [(Text(), Text())]
    for stretch in align(left.keys, right.keys):
        length = stretch.left[1] - stretch.left[0]
        alike = stretch.equal and left.shared[slice(*stretch.left)].all()
        if stretch.equal and length >= CONTEXT:
            # Long equal stretches begin on the same line, whatever came before.
            rows.append((Text(), Text()))
        if alike and not look.full and length >= 2 * CONTEXT + _LEAST_FOLDED:
            _add_folded(rows, sides, stretch, look)
            continue
        weight = "" if stretch.equal else "bold "
        spans = (stretch.left, stretch.right)
        for cell, side, span, style in zip(
            rows[-1], sides, spans, _STYLES, strict=True
        ):
            _add(cell, side, span, look, weight + style)
    return [row for row in rows if any(row)]


def _add_folded(
    rows: list[_Row], sides: tuple[Side, Side], stretch: Stretch, look: Look
) -> None:
    """The begin and the end of an equal stretch, and how much lies between."""
    folded = stretch.left[1] - stretch.left[0] - 2 * CONTEXT
    fold = f"… {folded:,} shared {_units(sides[0])} …"
    middle = Text(fold, _DIM, justify="center")
    spans = (stretch.left, stretch.right)
    rows += [(middle, middle), (Text(), Text())]
    for number, (side, (begin, end), style) in enumerate(
        zip(sides, spans, _STYLES, strict=True)
    ):
        _add(rows[-3][number], side, (begin, begin + CONTEXT), look, style)
        _add(rows[-1][number], side, (end - CONTEXT, end), look, style)


def _units(side: Side) -> str:
    return "characters" if side.compared_by == "characters" else "words"


def _add(cell: Text, side: Side, span: tuple[int, int], look: Look, style: str) -> None:
    """Append units of a text to a cell; the middle of long stretches is folded."""
    begin, end = span
    if look.full or end - begin <= _LONG:
        _append(cell, side, span, look, style)
        return
    _append(cell, side, (begin, begin + _LONG_SHOWN), look, style)
    middle = side.shared[begin + _LONG_SHOWN : end - _LONG_SHOWN]
    shared = int(middle.sum())
    told = f"… {len(middle):,} more {_units(side)}, {shared:,} of them shared … "
    cell.append(told, _DIM)
    _append(cell, side, (end - _LONG_SHOWN, end), look, style)


def _append(
    cell: Text, side: Side, span: tuple[int, int], look: Look, style: str
) -> None:
    begin, end = span
    if begin == 0 and end and side.starts[0]:
        cell.append(tidy(side.text[: side.starts[0]], look))
    while begin < end:
        stop = begin + 1
        while stop < end and side.shared[stop] == side.shared[begin]:
            stop += 1
        last = int(side.stops[stop - 1])
        after = int(side.starts[stop]) if stop < len(side.starts) else len(side.text)
        words = tidy(side.text[int(side.starts[begin]) : last], look)
        if side.shared[begin]:
            cell.append(words)
        elif look.marks:
            _append_marked(cell, words, style)
        else:
            cell.append(words, style)
        cell.append(tidy(side.text[last : max(last, after)], look))
        begin = stop


def _append_marked(cell: Text, words: str, style: str) -> None:
    """Append in brackets, going on in those that end just before."""
    if cell.plain.endswith(f"{CLOSE} "):
        cell.right_crop(2)
        cell.append(f" {words}{CLOSE}", style)
    else:
        cell.append(f"{OPEN}{words}{CLOSE}", style)

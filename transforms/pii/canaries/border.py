"""Copies of documents that are so long that they are cut, with values at the cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from isinglass.transforms.pii.chunks import CHUNK_CHARS, OVERLAP_CHARS

if TYPE_CHECKING:
    from isinglass.transforms.pii.canaries.choose import Canary

_AFTER = 1_000
"""Code points behind the cut: the next chunk has text on both sides of its values."""

_CALM = "\t"


class Placed(NamedTuple):
    """Where a canary's value starts and ends in the copy, in code points."""

    canary: Canary
    start: int
    end: int


def long_copy(text: str, canaries: list[Canary]) -> tuple[str, list[Placed]]:
    """Repeat a text until it must be cut, and write values where that happens.

    `chunks.chunk_spans` cuts at `CHUNK_CHARS` where it finds no border before, and
    else behind the last one. So the second half of the copy has none: paragraphs,
    lines and sentences run on, and before a value without spaces there are tabs for
    spaces. One value then stands across the cut (or ends at it, or starts at it); the
    other one begins exactly where the next chunk does. Neither may be taken
    from a chunk that holds only a part of it, and both must be found once.

    Args:
        text: Text of a document.
        canaries: One or two.

    Returns:
        The copy and the place of each value.
    """
    # A value without spaces cannot be cut where spaces of another one come before.
    ordered = sorted(canaries, key=lambda canary: " " not in canary.value)
    starts = (CHUNK_CHARS - _cut_inside(ordered[0]), CHUNK_CHARS - OVERLAP_CHARS)
    body = _repeated(text, CHUNK_CHARS + _AFTER)
    placed = []
    for canary, start in zip(ordered, starts, strict=False):
        piece = canary.head + _CALM + canary.value + canary.tail
        first = start - len(canary.head + _CALM)
        body = body[:first] + piece + body[first + len(piece) :]
        placed.append(Placed(canary, start, start + len(canary.value)))
    half = CHUNK_CHARS // 2
    body = body[:half] + _without_borders(body[half:], ordered[0].value)
    return body, sorted(placed, key=lambda span: span.start)


def _cut_inside(canary: Canary) -> int:
    """Code points of the value before the cut.

    A value with spaces is cut behind its last one. Any other one is cut anywhere,
    the place drawn with the canary, from right before it to right behind it.
    """
    space = canary.value.rfind(" ")
    if space >= 0:
        return space + 1
    return round(canary.place * len(canary.value))


def _repeated(text: str, length: int) -> str:
    whole = (text.strip() or "-") + "\n\n"
    return (whole * (length // len(whole) + 1))[:length]


def _without_borders(text: str, across: str) -> str:
    """A stretch in which the cut is not drawn to a border before it."""
    text = text.replace("\n", _CALM).replace(". ", "; ")
    return text if " " in across else text.replace(" ", _CALM)

"""Cutting long texts into overlapping chunks, and taking findings back together."""

from __future__ import annotations

from typing import NamedTuple

CHUNK_CHARS = 100_000
"""Longer texts are cut. spaCy refuses a million; memory grows with the length."""

OVERLAP_CHARS = 500
"""Longer than any identifier, and than any name that is one."""

_BORDERS = ("\n\n", "\n", ". ", " ")


class Chunk(NamedTuple):
    """A stretch of a text, in code points.

    Attributes:
        start: First code point.
        end: One past the last.
        cut_start: Whether text before `start` belongs to another chunk.
        cut_end: Whether text follows.
    """

    start: int
    end: int
    cut_start: bool
    cut_end: bool

    def holds(self, start: int, end: int) -> bool:
        """Whether a span, relative to the chunk, touches no cut.

        A span that does may be a part of a longer one; the neighbouring chunk holds
        all of it.
        """
        if self.cut_start and start == 0:
            return False
        return not (self.cut_end and end == self.end - self.start)


def chunk_spans(
    text: str, size: int = CHUNK_CHARS, overlap: int = OVERLAP_CHARS
) -> list[Chunk]:
    """Cut a text at paragraph borders into chunks that overlap.

    A chunk ends at the last paragraph border of its second half; where there is none
    at a line, then a sentence, then a word; and else anywhere. The next one starts
    `overlap` code points before, at the beginning of a word where there is one.
    So any span of at most `overlap / 2` code points lies whole, and away from a cut,
    in at least one chunk, provided that words are shorter than `overlap / 2`.

    Args:
        text: Any text.
        size: Largest number of code points of a chunk.
        overlap: Code points shared by neighbours; less than half of `size`.

    Raises:
        ValueError: The overlap is not less than half of the size.
    """
    if not 0 <= overlap < size / 2:
        raise ValueError(f"overlap {overlap} must be less than half of size {size}")
    chunks = []
    start = 0
    while len(text) - start > size:
        end = _border(text, start + size // 2 + overlap, start + size)
        chunks.append(Chunk(start, end, start > 0, cut_end=True))
        start = _word_start(text, end - overlap, end - overlap // 2)
    chunks.append(Chunk(start, len(text), start > 0, cut_end=False))
    return chunks


def _border(text: str, low: int, high: int) -> int:
    for mark in _BORDERS:
        found = text.rfind(mark, min(low, high), high)
        if found >= 0:
            return found + len(mark)
    return high


def _word_start(text: str, low: int, high: int) -> int:
    for position in range(low, high):
        if text[position - 1].isspace() and not text[position].isspace():
            return position
    return low

"""Stretches of texts that recognizers are shown: windows, and long texts cut.

Texts are decoded once for all recognizers, and cut into chunks that overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.pii.gate import build_windows
from isinglass.transforms.pii.rules import CONTEXT_CHARS, UNSPACED

CHUNK_CHARS = 100_000
"""Longer texts are cut. spaCy refuses a million; memory grows with the length."""

OVERLAP_CHARS = 500
"""Longer than any identifier, and than any name that is one."""

_BORDERS = ("\n\n", "\n", ". ", " ")


class Chunk(NamedTuple):
    """A stretch of a text, in code points.

    Attributes:
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
    The overlap is less than half of the size.
    """
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


WINDOW_CHARS = 8_000
"""Longer windows are cut, with the overlap of chunks."""

LEAD_BYTES = 4 * CONTEXT_CHARS
"""What is kept of the text before a window: as many characters as are looked at."""

_UNSPACED = re.compile(UNSPACED)


def separate_scripts(text: str) -> str:
    r"""A text of the same length with spaces in place of letters of unspaced scripts.

    Han and kana count as word characters, so that `\b` never fires between them and
    a number, and an e-mail address swallows what stands before it.
    """
    return text if text.isascii() else _UNSPACED.sub(" ", text)


@dataclass(frozen=True, repr=False)
class Piece:
    """A stretch of one text that a recognizer is shown.

    Attributes:
        origin: Code points of the row before it.
        chunk: Says at which ends it overlaps with a neighbour.
        lead: What stands right before it in the row, in UTF-8; it may begin within a
            character. A word that names a value stands in the line above as often.
    """

    row: int
    text: str
    origin: int
    chunk: Chunk
    lead: bytes = b""

    def before(self, start: int, reach: int) -> str:
        """Up to `reach` code points before one of the stretch, also of the lead."""
        own = self.text[max(0, start - reach) : start]
        wanted = reach - len(own)
        if not wanted or not self.lead:
            return own
        return self.lead.decode("utf-8", errors="ignore")[-wanted:] + own

    @cached_property
    def separated(self) -> str:
        """The stretch with spaces for letters of unspaced scripts."""
        return separate_scripts(self.text)


@dataclass(frozen=True, repr=False)
class Shelf:
    """The texts of a batch, and the windows that were taken of them so far."""

    texts: pa.StringArray
    data: NDArray[np.uint8]
    offsets: NDArray[np.int32]
    _pieces: dict[tuple[int, int], list[Piece]] = field(default_factory=dict)

    def windows(self, ends: NDArray[np.int64], *, token: bool) -> Iterator[Piece]:
        """Windows around the ends of hits; see `gate.build_windows`.

        Hits close to each other make one window; a page of digits is cut again, so
        that time is looked at in between.
        """
        found = build_windows(self.data, self.offsets, ends, token=token)
        view = self.data.data
        for row, start, stop, points in zip(
            *(column.tolist() for column in found), strict=True
        ):
            pieces = self._pieces.get((start, stop))
            if pieces is None:
                text = str(view[start:stop], "utf-8")
                low = max(int(self.offsets[row]), start - LEAD_BYTES)
                lead = bytes(view[low:start])
                pieces = list(_cut(row, text, points, WINDOW_CHARS, lead))
                self._pieces[start, stop] = pieces
            yield from pieces


def whole_texts(
    texts: pa.StringArray, rows: NDArray[np.int64], size: int = CHUNK_CHARS
) -> Iterator[Piece]:
    """Some texts, cut where they are longer than `size` code points."""
    for row, value in zip(rows.tolist(), texts, strict=True):
        yield from _cut(row, value.as_py(), 0, size)


def _cut(
    row: int, text: str, points: int, size: int, lead: bytes = b""
) -> Iterator[Piece]:
    for chunk in chunk_spans(text, size):
        shown = text[chunk.start : chunk.end]
        before = b"" if chunk.cut_start else lead
        yield Piece(row, shown, points + chunk.start, chunk, before)

"""Stretches of texts that recognizers are shown, decoded once for all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from isinglass.transforms.pii.chunks import CHUNK_CHARS, Chunk, chunk_spans
from isinglass.transforms.pii.gate import build_windows
from isinglass.transforms.pii.rules import UNSPACED

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

WINDOW_CHARS = 8_000
"""Longer windows are cut, with the overlap of chunks."""

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
    """

    row: int
    text: str
    origin: int
    chunk: Chunk

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
                pieces = _cut(row, str(view[start:stop], "utf-8"), points)
                self._pieces[start, stop] = pieces
            yield from pieces


def whole_texts(
    texts: pa.StringArray, rows: NDArray[np.int64], size: int = CHUNK_CHARS
) -> Iterator[Piece]:
    """Some texts, cut where they are longer than `size` code points.

    Args:
        texts: Strings without nulls.
        rows: int64 (n,), the row of each in the batch.
        size: Of the largest piece.
    """
    for row, value in zip(rows.tolist(), texts, strict=True):
        text = value.as_py()
        for chunk in chunk_spans(text, size):
            yield Piece(row, text[chunk.start : chunk.end], chunk.start, chunk)


def _cut(row: int, text: str, points: int) -> list[Piece]:
    if len(text) <= WINDOW_CHARS:
        return [
            Piece(
                row, text, points, Chunk(0, len(text), cut_start=False, cut_end=False)
            )
        ]
    return [
        Piece(row, text[chunk.start : chunk.end], points + chunk.start, chunk)
        for chunk in chunk_spans(text, WINDOW_CHARS)
    ]

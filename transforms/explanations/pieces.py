"""What of a document is shown: its tokens as they are written, or what stands for them.

Tokens of a stretch that is masked are one piece, so that neither their number nor where
they are parted says what was there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers

Span = tuple[int, int, str]
"""Start and stop in code points, and what stands for it."""


@dataclass(frozen=True)
class Tokens:
    """The tokens of a document that its model sees.

    Attributes:
        ids: int64 (tokens,).
        text: bool (tokens,), those of the text; the others stand around it.
        starts: First code point of each; 0 of those around.
        stops: One past the last.
        words: Word that each belongs to, -1 of those around.
    """

    ids: Integers
    text: Flags
    starts: Integers
    stops: Integers
    words: Integers

    @property
    def seen(self) -> int:
        """Code points of the text that the model sees."""
        return int(self.stops[self.text].max(initial=0))


@dataclass(frozen=True)
class Piece:
    """Neighbouring tokens that are shown as one.

    Attributes:
        shown: What is written, or what stands for it.
        tokens: Places of the tokens.
        spaced: Whether something stands between it and the piece before.
        masked: Whether it is not shown what is written.
    """

    shown: str
    tokens: tuple[int, ...]
    spaced: bool
    masked: bool


def pieces(text: str, tokens: Tokens, masked: Sequence[Span]) -> list[Piece]:
    """The tokens of the text in their order; `masked` spans are sorted and apart."""
    owner = _owners(tokens, masked).tolist()
    starts, stops = tokens.starts.tolist(), tokens.stops.tolist()
    found: list[Piece] = []
    last, end = -1, 0
    for place in np.flatnonzero(tokens.text).tolist():
        start, stop, span = starts[place], stops[place], owner[place]
        if span >= 0 and span == last:
            before = found[-1]
            found[-1] = Piece(
                before.shown, (*before.tokens, place), before.spaced, masked=True
            )
        else:
            shown = text[start:stop] if span < 0 else f"[{masked[span][2]}]"
            found.append(Piece(shown, (place,), start > end, masked=span >= 0))
        last, end = span, stop
    return found


def words(
    text: str, tokens: Tokens, masked: Sequence[Span], values: NDArray[np.floating]
) -> Iterator[tuple[str, float]]:
    """Words in small letters, and the sum of the values of their tokens.

    What is masked, even in part, and what has no letter is left out.
    """
    owner = _owners(tokens, masked)
    for word in np.unique(tokens.words[tokens.text & (tokens.words >= 0)]).tolist():
        own = np.flatnonzero(tokens.words == word)
        written = text[tokens.starts[own].min() : tokens.stops[own].max()]
        if (owner[own] < 0).all() and any(map(str.isalpha, written)):
            yield written.strip().lower(), float(values[own].sum())


def _owners(tokens: Tokens, masked: Sequence[Span]) -> Integers:
    """The span that each token touches, -1 for none."""
    owner = np.full(len(tokens.ids), -1, np.int64)
    for place, (start, stop, _) in enumerate(masked):
        touched = (tokens.starts < stop) & (tokens.stops > start) & tokens.text
        owner[touched & (owner < 0)] = place
    return owner

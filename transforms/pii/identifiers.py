"""Identifiers in a batch: the gate first, then Presidio's recognizers on windows."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from isinglass.transforms.pii.chunks import Chunk, chunk_spans, is_whole
from isinglass.transforms.pii.found import UNCHECKED, VALID, FoundColumns, Origin
from isinglass.transforms.pii.gate import (
    Gate,
    GatePattern,
    build_windows,
    hit_rows,
)
from isinglass.transforms.pii.phones import candidate_regions
from isinglass.transforms.pii.recognizers import Identifier, build_identifiers
from isinglass.transforms.pii.reserved import is_reserved
from isinglass.transforms.pii.rules import Context, is_vetoed
from isinglass.transforms.pii.scripts import UNSPACED
from isinglass.transforms.pii.superset import derive_gate
from isinglass.transforms.pii.tables import PATTERN_DETECTOR
from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.schemas.config import PiiConfig
    from isinglass.transforms.pii.budget import Budget


WINDOW_CHARS = 8_000
"""Longer windows are cut, with the overlap of chunks."""

_UNSPACED = re.compile(UNSPACED)


def separate_scripts(text: str) -> str:
    r"""A text of the same length with spaces in place of letters of unspaced scripts.

    Han and kana count as word characters, so that `\b` never fires between them and
    a number, and an e-mail address swallows what stands before it.
    """
    return text if text.isascii() else _UNSPACED.sub(" ", text)


@dataclass(frozen=True)
class IdentifierScanner:
    """Compiled gate and recognizers. Built in the worker; not to be pickled.

    Attributes:
        identifiers: The recognizers, in order of their entities.
        contexts: Context words of each.
        gate: Numbers are positions in `identifiers`.
        gated: Whether each has a pattern in the gate.
    """

    identifiers: tuple[Identifier, ...]
    contexts: tuple[Context, ...]
    gate: Gate
    gated: tuple[bool, ...]

    @classmethod
    def build(cls, config: PiiConfig) -> IdentifierScanner:
        """Build recognizers, their context words and one database for all of them.

        Raises:
            ConfigError: An entity is not known.
        """
        _silence_presidio()
        identifiers = tuple(build_identifiers(config))
        patterns: list[GatePattern] = []
        gated = []
        for number, identifier in enumerate(identifiers):
            own = gate_patterns(number, identifier)
            patterns += own
            gated.append(bool(own))
        contexts = tuple(Context.of(i.recognizer.context or ()) for i in identifiers)
        return cls(identifiers, contexts, Gate.compile(patterns), tuple(gated))

    def scan(self, texts: pa.StringArray, budget: Budget, found: FoundColumns) -> None:
        """Gather the findings in every text, before thresholds.

        Args:
            texts: Strings without nulls.
            budget: Is charged; rows that fail are noted in it.
            found: Is added to.
        """
        data, offsets = string_buffers(texts)
        numbers, ends = self.gate.scan(data, offsets)
        for number, identifier in enumerate(self.identifiers):
            own = ends[numbers == number]
            if identifier.window == "text":
                rows = np.unique(hit_rows(own, offsets))
                if not self.gated[number]:
                    rows = np.arange(len(texts))
                pieces = _whole_texts(texts, rows, budget)
            else:
                pieces = _windows(data, offsets, own, identifier.window)
            for piece in pieces:
                if piece.row in budget.failed:
                    continue
                with budget.guard(piece.row):
                    self._judge(number, piece, budget.left(piece.row), found)

    def _judge(
        self, number: int, piece: Piece, seconds: float, found: FoundColumns
    ) -> None:
        identifier, context = self.identifiers[number], self.contexts[number]
        shown = piece.text
        if identifier.separated:
            shown = separate_scripts(shown)
        for match in _matches(identifier, shown, seconds):
            start, end = match.start, match.end
            value = piece.text[start:end]
            if not piece.holds(start, end) or is_reserved(identifier.entity, value):
                continue
            if is_vetoed(identifier.entity, shown, start, end):
                continue
            explanation = match.analysis_explanation
            base = float(match.score)
            score, word = context.raise_score(base, shown, start)
            rule = explanation.pattern_name or identifier.recognizer.name
            found.add(
                (piece.row, start + piece.origin, end + piece.origin),
                Origin(identifier.entity, PATTERN_DETECTOR, rule, base),
                checked=VALID if explanation.validation_result else UNCHECKED,
                score=score,
                context=word,
            )


def gate_patterns(number: int, identifier: Identifier) -> list[GatePattern]:
    """What the gate looks for on behalf of a recognizer; empty to run it ungated."""
    if identifier.gate:
        return [GatePattern(number, identifier.gate)]
    return derive_gate(number, identifier.patterns, also=UNSPACED)


def _matches(identifier: Identifier, text: str, seconds: float) -> list[Any]:
    if not identifier.regions:
        return identifier.matches(text, seconds)
    regions = candidate_regions(text, identifier.regions)
    if not regions:
        return []
    narrowed = PhoneRecognizer(
        context=identifier.recognizer.context, supported_regions=regions
    )
    return replace(identifier, recognizer=narrowed).matches(text, seconds)


@dataclass(frozen=True, repr=False)
class Piece:
    """A stretch of one text that a recognizer is shown.

    Attributes:
        row: Row of the text.
        text: The stretch.
        origin: Code points of the row before it.
        chunk: Says at which ends it overlaps with a neighbour.
    """

    row: int
    text: str
    origin: int
    chunk: Chunk

    def holds(self, start: int, end: int) -> bool:
        """Whether a span is whole, as far as can be told from this stretch."""
        return is_whole(self.chunk, start, end)


def _windows(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int32],
    ends: NDArray[np.int64],
    window: str,
) -> Iterator[Piece]:
    found = build_windows(data, offsets, ends, token=window == "token")
    columns = (found.rows, found.starts, found.stops, found.points)
    for row, start, stop, points in zip(*(c.tolist() for c in columns), strict=True):
        text = data[start:stop].tobytes().decode()
        # Hits close to each other make one window; a page of digits is cut again, so
        # that time is looked at in between.
        for chunk in chunk_spans(text, WINDOW_CHARS):
            stretch = text[chunk.start : chunk.end]
            yield Piece(row, stretch, points + chunk.start, chunk)


def _whole_texts(
    texts: pa.StringArray, rows: NDArray[np.int64], budget: Budget
) -> Iterator[Piece]:
    for row in rows.tolist():
        text = texts[row].as_py()
        for chunk in chunk_spans(text):
            if row in budget.failed:
                break
            yield Piece(row, text[chunk.start : chunk.end], chunk.start, chunk)


def _silence_presidio() -> None:
    """Keep Presidio's log quiet: some of its messages quote the text."""
    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL + 1)

"""Identifiers in a batch: the gate first, then Presidio's recognizers on windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.config import PiiConfig
from isinglass.transforms.pii.digits import digit_places
from isinglass.transforms.pii.found import PATTERN_DETECTOR, FoundColumns, Origin
from isinglass.transforms.pii.gate import Gate, GatePattern, compile_gate, hit_rows
from isinglass.transforms.pii.near_words import NearWords
from isinglass.transforms.pii.phones.scanner import PhoneScanner
from isinglass.transforms.pii.recognizers import (
    Identifier,
    build_identifiers,
    silence_presidio,
)
from isinglass.transforms.pii.reserved import PHONE_NUMBER, is_reserved
from isinglass.transforms.pii.rules import (
    CONTEXT_CHARS,
    UNSPACED,
    is_vetoed,
    raised,
)
from isinglass.transforms.pii.superset import derive_gate
from isinglass.transforms.pii.windows import Piece, Shelf, whole_texts
from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from isinglass.transforms.pii.budget import Budget


@dataclass(frozen=True)
class IdentifierScanner:
    """Compiled gate and recognizers. Built in the worker; not to be pickled.

    Attributes:
        gate: Numbers are positions in `identifiers`.
        phones: Finds telephone numbers, without Presidio; None to find none.
        near: Looks for those that count next to a word only; None without any.
    """

    identifiers: tuple[Identifier, ...]
    gate: Gate
    gated: tuple[bool, ...]
    phones: PhoneScanner | None = None
    near: NearWords | None = None

    @classmethod
    def build(cls, config: PiiConfig) -> IdentifierScanner:
        """Build recognizers, their context words and one database for all of them.

        Raises:
            ConfigError: An entity is not known.
        """
        silence_presidio()
        identifiers = tuple(build_identifiers(config))
        patterns = [gate_patterns(*numbered) for numbered in enumerate(identifiers)]
        behind = {n: i for n, i in enumerate(identifiers) if i.behind_words}
        return cls(
            identifiers,
            compile_gate(tuple(dict.fromkeys(chain.from_iterable(patterns)))),
            tuple(map(bool, patterns)),
            # Presidio's search for phone numbers is slow, and judges by plans only.
            PhoneScanner(config.phone_regions)
            if PHONE_NUMBER in config.entities
            else None,
            NearWords.of(behind) if behind else None,
        )

    def scan(self, texts: pa.StringArray, budget: Budget, found: FoundColumns) -> None:
        """Gather the findings in every text, before thresholds."""
        data, offsets = string_buffers(texts)
        places = digit_places(data, offsets)
        if self.phones is not None:
            self.phones.scan(data, offsets, places, budget, found)
        numbers, ends = self.gate.scan(data, offsets, places)
        if self.near is not None:
            more = self.near.scan(data, offsets, places)
            numbers = np.concatenate([numbers, more[0]])
            ends = np.concatenate([ends, more[1]])
        order = np.argsort(numbers, kind="stable")
        numbers, ends = numbers[order], ends[order]
        bounds = np.searchsorted(numbers, np.arange(len(self.identifiers) + 1))
        shelf = Shelf(texts, data, offsets)
        for number, (low, high) in enumerate(pairwise(bounds.tolist())):
            for piece in self._pieces(number, ends[low:high], shelf):
                if piece.row in budget.failed:
                    continue
                with budget.guard(piece.row):
                    self._judge(number, piece, budget.left(piece.row), found)

    def _pieces(
        self, number: int, ends: NDArray[np.int64], shelf: Shelf
    ) -> Iterator[Piece]:
        """What a recognizer is shown, given where its hits in the gate end."""
        window = self.identifiers[number].window
        if window == "text":
            rows = np.unique(hit_rows(ends, shelf.offsets))
            if not self.gated[number]:
                rows = np.arange(len(shelf.texts))
            return whole_texts(shelf.texts.take(pa.array(rows)), rows)
        return shelf.windows(ends, token=window == "token") if len(ends) else iter(())

    def _judge(
        self, number: int, piece: Piece, seconds: float, found: FoundColumns
    ) -> None:
        identifier = self.identifiers[number]
        shown = piece.separated if identifier.separated else piece.text
        for match in identifier.matches(shown, seconds):
            start, end = match.start, match.end
            if not piece.chunk.holds(start, end):
                continue
            if not identifier.trusted and (
                is_reserved(identifier.entity, piece.text[start:end])
                or is_vetoed(identifier.entity, shown, start, end)
            ):
                continue
            word = None
            if match.score < 1 or identifier.near:
                # One more, by which it is seen whether the first word is whole.
                before = piece.before(start, CONTEXT_CHARS + 1)
                word = identifier.context.find(before, len(before))
            if identifier.near and word is None:
                continue
            found.add(
                (piece.row, start + piece.origin, end + piece.origin),
                Origin(identifier.entity, PATTERN_DETECTOR, match.rule, match.score),
                valid=match.valid or None,
                score=raised(match.score, word),
                context=word,
            )


def gate_patterns(number: int, identifier: Identifier) -> list[GatePattern]:
    """What the gate looks for on behalf of a recognizer; empty to run it ungated.

    Those behind words are looked for by `near`.
    """
    if identifier.behind_words:
        return []
    if identifier.gate:
        return [GatePattern(number, identifier.gate)]
    return derive_gate(number, identifier.patterns, also=UNSPACED)

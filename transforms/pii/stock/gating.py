"""Which stock recognizers a text must be shown to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import hyperscan
import numpy as np
import pyarrow as pa

from isinglass.transforms.pii.gate import Gate, GatePattern, hit_rows, is_accepted
from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from isinglass.transforms.pii.stock.patterns import Compiled

# Latin, Greek, Cyrillic, Arabic, kana, Han and Hangul letters, punctuation, signs and
# full width forms: those of which `regex` and Hyperscan agree whether they are letters,
# digits or space, as a test shows. Not among them are raised digits and fractions,
# which are parts of words for Hyperscan, scripts younger than its Unicode, and letters
# that fold to an ASCII one: long s, Kelvin sign, dotless and dotted i.
_ODD = re.compile(
    "[^\u0000-\u00b1\u00b4-\u00b8\u00ba-\u00bb\u00bf-\u012f\u0132-\u017e\u0180-\u024f\u0370-\u0377\u037a-\u037e\u0384-\u0482"
    "\u048a-\u0513\u0621-\u063a\u0640-\u064a\u2010-\u2027\u2030-\u203e\u20a0-\u20b5"
    "\u2190-\u21ff\u2200-\u22ff\u2500-\u26ff\u3001-\u3004\u3041-\u3096\u30a1-\u30fe"
    "\u4e00-\u9fa5\uac00-\ud7a3\uff01-\uff3e\uff40-\uff60]"
)


def is_odd(text: str) -> bool:
    """Whether a text holds characters that the gate may take for others."""
    return not text.isascii() and _ODD.search(text) is not None


@dataclass(frozen=True)
class StockGate:
    """Hyperscan's widened forms of the patterns. Not to be pickled.

    Attributes:
        gate: Numbers are positions of the recognizers.
        ungated: Recognizers that see every text.
        count: Number of recognizers.
    """

    gate: Gate = field(repr=False)
    ungated: tuple[int, ...]
    count: int

    @classmethod
    def build(cls, patterns: Mapping[int, Compiled], count: int) -> StockGate:
        """Derive the gate.

        Args:
            patterns: Patterns of the recognizers that are to be gated, by position.
            count: Number of all recognizers.
        """
        derived = {
            number: [
                GatePattern(number, p.regex, derived=True, flags=_flags(compiled.flags))
                for p, compiled in own
            ]
            for number, own in patterns.items()
        }
        try:
            gate = _compile(derived)
        except hyperscan.error:
            derived = {
                number: own
                for number, own in derived.items()
                if all(is_accepted(pattern) for pattern in own)
            }
            gate = _compile(derived)
        ungated = set(range(count)).difference(derived)
        return cls(gate, tuple(sorted(ungated)), count)

    def numbers(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each recognizer must see each text.

        Args:
            texts: n texts.

        Returns:
            bool (n, count).
        """
        wanted = np.zeros((len(texts), self.count), np.bool_)
        wanted[:, list(self.ungated)] = True
        data, offsets = string_buffers(pa.array(texts, pa.string()))
        numbers, ends = self.gate.scan(data, offsets)
        wanted[hit_rows(ends, offsets), numbers] = True
        wanted[[is_odd(text) for text in texts]] = True
        return wanted


def _compile(derived: Mapping[int, Sequence[GatePattern]]) -> Gate:
    return Gate.compile([pattern for own in derived.values() for pattern in own])


def _flags(flags: int) -> int:
    """Hyperscan flags for those of a compiled pattern; one hit a text is enough."""
    wanted = int(hyperscan.HS_FLAG_SINGLEMATCH)
    for ours, theirs in (
        (re.IGNORECASE, hyperscan.HS_FLAG_CASELESS),
        (re.MULTILINE, hyperscan.HS_FLAG_MULTILINE),
        (re.DOTALL, hyperscan.HS_FLAG_DOTALL),
    ):
        wanted |= theirs if flags & ours else 0
    return wanted

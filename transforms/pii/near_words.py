"""Numbers that count only next to a word that names them: words are looked for first.

The words of all such recognizers are one pattern of the gate. A second database looks
at the few characters around a word that has a digit behind it: for the words and for
the patterns of each recognizer. So its cost hardly grows with their number.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import hyperscan
import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.gate import (
    REACH_BYTES,
    WIDENED,
    WORDS,
    Gate,
    GatePattern,
    compile_gate,
    hit_rows,
)
from isinglass.transforms.pii.rules import CONTEXT_CHARS, UNSPACED
from isinglass.transforms.pii.superset import flags_of, means_the_same

if TYPE_CHECKING:
    from isinglass.transforms.pii.recognizers import Identifier

    Hits = tuple[NDArray[np.int64], NDArray[np.int64]]

_LONGEST_NUMBER = 100
"""In characters, with the rest of a longer word."""

_LONGEST_WORD = 120
"""In bytes, with the border behind it."""

_LONG_STRETCH = REACH_BYTES
"""Words that stand further apart have a stretch each."""

_BORDER = "[^0-9A-Za-z]"
_ESCAPE = r"\\[nrt]"
_UNSPACED = re.compile(UNSPACED)
_TURKISH_I = "iI\u0131\u0130"
_DOTLESS_I = _TURKISH_I[2]
_ANY_DIGIT = "[0-9]"
_NINE = 9
_ONCE = hyperscan.HS_FLAG_SINGLEMATCH
_OF_PATTERNS = 1 << 20
"""Added to the number of a recognizer where its patterns are meant, not its words."""


def words_patterns(
    lists: Collection[Sequence[str]], number: int = WORDS
) -> list[GatePattern]:
    """Find every word that `rules.Context` finds, and the beginnings of longer ones.

    They are written in bytes and without a border behind, which is the cheapest form.

    Args:
        lists: Words of each recognizer.
        number: Under which hits are reported.
    """
    turkish = {w for words in lists if _DOTLESS_I in "".join(words) for w in words}
    kept: list[str] = []
    for word in sorted({w for words in lists for w in words}, key=len):
        # A word within another one is found where the longer one is.
        if not any(_within(shorter, word) for shorter in kept):
            kept.append(word.strip())
    found = []
    for word in kept:
        border = "" if _UNSPACED.search(word) else f"(?:^|{_BORDER}|{_ESCAPE})"
        letters = (_in_bytes(char, turkish=word in turkish) for char in word)
        found.append(border + "".join(letters))
    flags = hyperscan.HS_FLAG_CASELESS | (0 if number == WORDS else _ONCE)
    return [GatePattern(number, word, flags=flags) for word in found]


def _within(shorter: str, longer: str) -> bool:
    """Whether a word stands in a longer one, between borders."""
    return re.search(rf"\b{re.escape(shorter)}\b", longer, re.IGNORECASE) is not None


def _in_bytes(char: str, *, turkish: bool) -> str:
    """A character in either case; Python takes i for both of its Turkish forms."""
    if char in " -":
        return f"{_BORDER}{{1,9}}"
    if turkish and char in _TURKISH_I:
        return r"(?:i|\xc4.)"
    if char.isascii():
        return re.escape(char)
    return f"(?:{'|'.join(sorted({char, char.lower(), char.upper()}))})"


@dataclass(frozen=True)
class NearWords:
    """Words and patterns of recognizers, by number. Not to be pickled."""

    gate: Gate = field(repr=False)

    @classmethod
    def of(cls, recognizers: Mapping[int, Identifier]) -> NearWords:
        """Words of each recognizer with its gate, or else its patterns, by number."""
        wanted = []
        for number, recognizer in recognizers.items():
            wanted += words_patterns([recognizer.near], number)
            wanted += _patterns(number + _OF_PATTERNS, recognizer)
        return cls(compile_gate(tuple(dict.fromkeys(wanted))))

    def follow(
        self, hits: Hits, data: NDArray[np.uint8], offsets: NDArray[np.int32]
    ) -> Hits:
        """Hits of a gate, with those of the recognizers in place of those of words."""
        numbers, ends = hits
        word = numbers == WORDS
        after = np.unique(ends[word])
        rest = numbers[~word], ends[~word]
        starts, stops = _stretches(data, offsets, hit_rows(after, offsets), after)
        if not len(starts):
            return rest
        found = self._search(data, starts, stops)
        return tuple(map(np.concatenate, zip(rest, found, strict=True)))  # type: ignore[return-value]

    def _search(
        self,
        data: NDArray[np.uint8],
        starts: NDArray[np.int64],
        stops: NDArray[np.int64],
    ) -> Hits:
        """Hits of patterns in stretches with a word of the same recognizer.

        They are told at every digit of the stretch, of which each match has one.
        """
        view = data.data
        ranges = zip(starts.tolist(), stops.tolist(), strict=True)
        joined = b"".join(view[start:stop] for start, stop in ranges)
        begins = np.append(0, np.cumsum(stops - starts))
        numbers, ends = self.gate.scan(np.frombuffer(joined, np.uint8), begins)
        named = hit_rows(ends, begins) * _OF_PATTERNS + numbers % _OF_PATTERNS
        of_pattern = numbers >= _OF_PATTERNS
        both = np.intersect1d(named[of_pattern], named[~of_pattern])
        found = [np.empty((2, 0), np.int64)]
        for which, number in zip(*np.divmod(both, _OF_PATTERNS), strict=True):
            start, stop = starts[which], stops[which]
            digits = np.flatnonzero(data[start:stop] - np.uint8(ord("0")) <= _NINE)
            places = start + digits + 1
            found.append(np.stack([np.full_like(places, number), places]))
        told = np.concatenate(found, axis=1)
        return told[0], told[1]


def _patterns(number: int, recognizer: Identifier) -> list[GatePattern]:
    """What finds all that a recognizer finds and more; any digit if it is not known."""
    if recognizer.gate:
        return [GatePattern(number, recognizer.gate, flags=_ONCE)]
    patterns = [pattern for _, pattern in recognizer.patterns]
    if not patterns or not all(map(means_the_same, patterns)):
        return [GatePattern(number, _ANY_DIGIT, flags=_ONCE)]
    # Digits and blanks of other scripts are read as ASCII here: see plain.py.
    flags = WIDENED | _ONCE
    return [
        GatePattern(number, pattern.pattern, flags=flags | flags_of(pattern))
        for pattern in patterns
    ]


@njit(nogil=True)
def _is_inside(byte: Any) -> Any:
    """Whether a UTF-8 byte is not the first of its character."""
    return (byte & 0xC0) == 0x80  # noqa: PLR2004


@njit(nogil=True)
def _goes_on(data: Any, end: Any, last: Any) -> Any:
    """Whether letters or digits stand behind the end of a word and its plural s."""
    if data[end - 1] >= 0x80:  # noqa: PLR2004 - of a script that may have no borders
        return False
    end += end < last and data[end] in (83, 115)
    if end == last:
        return True
    byte = data[end]
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122  # noqa: PLR2004


@njit(nogil=True)
def _stretches(data: Any, offsets: Any, rows: Any, ends: Any) -> Any:
    """What stands around words, if a digit is behind; those that overlap are merged."""
    starts = np.empty(len(ends), np.int64)
    stops = np.empty(len(ends), np.int64)
    count = 0
    for i in range(len(ends)):
        first, last = np.int64(offsets[rows[i]]), np.int64(offsets[rows[i] + 1])
        stop = ends[i]
        if _goes_on(data, stop, last):
            continue
        points, digits = 0, 0
        while stop < last and points < CONTEXT_CHARS + _LONGEST_NUMBER:
            byte = data[stop]
            points += not _is_inside(byte)
            digits += 48 <= byte <= 57  # noqa: PLR2004 - 0 to 9
            stop += 1
        while stop < last and _is_inside(data[stop]):
            stop += 1
        if not digits:
            continue
        start = max(first, ends[i] - _LONGEST_WORD)
        while start > first and _is_inside(data[start]):
            start -= 1
        # Of the same text: the last one may end where this text begins.
        near = count and starts[count - 1] >= first and stops[count - 1] >= start
        if near and stops[count - 1] - starts[count - 1] < _LONG_STRETCH:
            stops[count - 1] = max(stop, stops[count - 1])
        else:
            starts[count], stops[count] = start, stop
            count += 1
    return starts[:count], stops[:count]

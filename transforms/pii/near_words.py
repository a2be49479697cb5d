"""Numbers that count only next to a word that names them: words are looked for first.

Few bytes of a text stand so close before a digit that they may name a number. There a
database looks for the words of all such recognizers. Behind a word, if as many digits
follow as the numbers of its recognizer have, its patterns are tried. So the cost hardly
grows with the number of recognizers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import hyperscan
import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.digits import before_digits, least_digits
from isinglass.transforms.pii.gate import (
    REACH_BYTES,
    WIDENED,
    Gate,
    GatePattern,
    compile_database,
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
_ONCE = hyperscan.HS_FLAG_SINGLEMATCH
_MANY = 1 << 20
"""More than there are recognizers."""


def words_patterns(words: Sequence[str]) -> list[str]:
    """Find every word that `rules.Context` finds, and the beginnings of longer ones.

    They are written in bytes and without a border behind, which is the cheapest form.
    """
    turkish = _DOTLESS_I in "".join(words)
    kept: list[str] = []
    for word in sorted({word.strip() for word in words}, key=len):
        # A word within another one is found where the longer one is.
        if not any(_within(shorter, word) for shorter in kept):
            kept.append(word)
    found = []
    for word in kept:
        border = "" if _UNSPACED.search(word) else f"(?:^|{_BORDER}|{_ESCAPE})"
        letters = (_in_bytes(char, turkish=turkish) for char in word)
        found.append(border + "".join(letters))
    return found


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
    """Words and patterns of recognizers. Not to be pickled.

    Attributes:
        words: Numbers are of words.
        patterns: Gate of each recognizer.
        firsts: int64 (words + 1,), where each word begins in `named`.
        named: int64 (2, n), the recognizers that a word is of, and how many digits
            their numbers have at the least.
    """

    words: Gate = field(repr=False)
    patterns: Mapping[int, Gate] = field(repr=False)
    firsts: NDArray[np.int64] = field(repr=False)
    named: NDArray[np.int64] = field(repr=False)

    @classmethod
    def of(cls, recognizers: Mapping[int, Identifier]) -> NearWords:
        """Words and patterns of each recognizer, by number."""
        named: dict[str, list[tuple[int, int]]] = {}
        patterns = {}
        for number, recognizer in recognizers.items():
            wanted = _patterns(number, recognizer)
            least = min(least_digits(pattern.expression) for pattern in wanted)
            patterns[number] = Gate(compile_database(wanted))
            for word in words_patterns(recognizer.near):
                named.setdefault(word, []).append((number, max(1, least)))
        flags = hyperscan.HS_FLAG_CASELESS
        words = (GatePattern(n, word, flags=flags) for n, word in enumerate(named))
        counts = [len(of_word) for of_word in named.values()]
        return cls(
            Gate(compile_database(tuple(words))),
            patterns,
            np.append(0, np.cumsum(counts)),
            np.array([one for of_word in named.values() for one in of_word]).T.copy(),
        )

    def scan(
        self,
        data: NDArray[np.uint8],
        offsets: NDArray[np.int32],
        places: NDArray[np.int64],
    ) -> Hits:
        """Hits of recognizers behind their words, at every digit near the word.

        Args:
            data: Texts of a batch, one behind the other.
            offsets: Where each begins in `data`, and the end of the last.
            places: Where digits stand.
        """
        before = before_digits(data, offsets, places)
        words, ends = self.words.scan(before.data, _whole(before.data))
        ends = before.in_batch(ends)
        order = np.argsort(ends, kind="stable")
        hits = words[order], ends[order]
        tables = self.firsts, self.named
        starts, stops, wanted = _stretches(data, offsets, *hits, *tables)
        found = [
            (number, start, stop)
            for number, start, stop in _unique(wanted, starts, stops)
            if self.patterns[number].is_hit(data.data[start:stop])
        ]
        numbers, low, high = np.array(found, np.int64).reshape(-1, 3).T
        first = np.searchsorted(places, low)
        count = np.searchsorted(places, high) - first
        # From the first digit of each stretch to the last.
        steps = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return np.repeat(numbers, count), places[np.repeat(first, count) + steps] + 1


def _unique(
    wanted: NDArray[np.int64], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> Iterator[tuple[int, int, int]]:
    """The recognizers that are wanted, and the stretch of each."""
    which, numbers = np.divmod(np.unique(wanted), _MANY)
    columns = numbers, starts[which], stops[which]
    return zip(*(column.tolist() for column in columns), strict=True)


def _whole(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Offsets of a batch with one text."""
    return np.array([0, len(data)])


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
def _behind(data: Any, end: Any, last: Any) -> Any:
    """How far numbers behind a word reach, and how many digits stand there."""
    points, digits = 0, 0
    while end < last and points < CONTEXT_CHARS + _LONGEST_NUMBER:
        byte = data[end]
        points += not _is_inside(byte)
        digits += 48 <= byte <= 57  # noqa: PLR2004 - 0 to 9
        end += 1
    while end < last and _is_inside(data[end]):
        end += 1
    return end, digits


@njit(nogil=True)
def _stretches(
    data: Any, offsets: Any, words: Any, ends: Any, firsts: Any, named: Any
) -> Any:
    """What stands around words with digits enough behind; overlapping ones are merged.

    Returns:
        Where stretches start and stop, and `_MANY` times the stretch plus the
        recognizer for all that are wanted there.
    """
    starts, stops = np.empty(len(ends), np.int64), np.empty(len(ends), np.int64)
    wanted = np.empty((firsts[words + 1] - firsts[words]).sum(), np.int64)
    count, total, text = 0, 0, 0
    for i in range(len(ends)):
        while offsets[text + 1] < ends[i]:
            text += 1
        first, last = np.int64(offsets[text]), np.int64(offsets[text + 1])
        if _goes_on(data, ends[i], last):
            continue
        stop, digits = _behind(data, ends[i], last)
        known = total
        for k in range(firsts[words[i]], firsts[words[i] + 1]):
            if digits >= named[1, k]:
                wanted[total] = named[0, k]
                total += 1
        if total == known:
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
        wanted[known:total] += (count - 1) * _MANY
    return starts[:count], stops[:count], wanted[:total]

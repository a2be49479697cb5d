"""Known values in texts, whatever their spelling; for erasure on request.

Values and texts are folded (see `folding`), the folded values are literals of one
Hyperscan database, and whole batches are scanned at once. Numbers are found in any
grouping, bank account numbers with and without blanks. Texts with percent escapes or
character references of HTML are searched as they are and unescaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.characters import MARK, WORD, class_table
from isinglass.transforms.erase.escapes import (
    MOST_LAYERS,
    escaped_rows,
    source_places,
    unescaped,
)
from isinglass.transforms.erase.folding import fold, folded_text
from isinglass.transforms.erase.numbers import (
    is_number,
    number_forms,
    ungrouped,
    with_plus,
)
from isinglass.transforms.pii.gate import Gate, GatePattern, compile_database

# ISO 13616: country, check digits, up to 30 letters and digits.
_ACCOUNT = re.compile(r"[a-z]{2}[0-9]{2}[a-z0-9]{11,30}")
# Vowels and finals of Hangul syllables, which decomposition sets free.
_JAMO = ("\u1100", "\u11ff")
_JAMO_WITHIN = "\u1160"
_LONGEST = 4
"""Bytes of a character."""

_Spot = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class _Literals:
    """Byte strings in one Hyperscan database, which nothing else remembers."""

    texts: tuple[bytes, ...]
    gate: Gate

    @classmethod
    def compile(cls, texts: Sequence[str]) -> _Literals:
        encoded = tuple(text.encode() for text in texts)
        escaped = ("".join(f"\\x{byte:02x}" for byte in text) for text in encoded)
        patterns = [GatePattern(*numbered) for numbered in enumerate(escaped)]
        return cls(encoded, Gate(compile_database(patterns)))

    def find(self, data: NDArray[np.uint8]) -> Iterator[tuple[int, int, int]]:
        """Number, start and end of each occurrence."""
        numbers, ends = self.gate.scan(data, np.array([0, len(data)]))
        for number, end in zip(numbers.tolist(), ends.tolist(), strict=True):
            yield number, end - len(self.texts[number]), end


@dataclass(frozen=True, eq=False)
class ValueSearch:
    """Compiled values; `numbers` in any grouping. It shows none, nor is it pickled."""

    literals: _Literals = field(repr=False)
    digits: frozenset[int] = field(repr=False)
    numbers: _Literals = field(repr=False)

    @classmethod
    def compile(cls, values: Sequence[str]) -> ValueSearch:
        """Compile values, at least one, none of them blank.

        Raises:
            ValueError: There is no value, or nothing is left of one once folded. The
                message does not hold it.
        """
        folded = sorted({folded_text(value) for value in values})
        if not folded or not folded[0]:
            raise ValueError("there is no value, or one of them holds nothing visible")
        literals = sorted({form for text in folded for form in _spellings(text)})
        digits = frozenset(i for i, text in enumerate(literals) if is_number(text))
        forms = sorted({form for text in folded for form in number_forms(text)})
        return cls(_Literals.compile(literals), digits, _Literals.compile(forms))

    def find(self, texts: pa.StringArray) -> NDArray[np.int32]:
        """Find the values in a batch of texts.

        A value that begins or ends with a letter or digit is not found inside a longer
        word or number; in scripts without spaces between words, and in Korean, it is
        found anywhere. Only digits make another number of one of 7 and more digits:
        `x4155552671` holds it. A value in escapes has the places of the escapes.

        Returns (n, 3): row, start and end, exclusive, in code points; sorted, each
        place once. Those of several values may overlap.
        """
        found = {*self._plain(texts), *self._escaped(texts)}
        return np.array(sorted(found), np.int32).reshape(-1, 3)

    def rows(self, texts: pa.StringArray) -> NDArray[np.int64]:
        """Rows of a batch that hold a value; nulls hold none."""
        return np.unique(self.find(texts.fill_null(""))[:, 0]).astype(np.int64)

    def _plain(self, texts: pa.StringArray) -> Iterator[_Spot]:
        """Places in the texts as they are."""
        folded = fold(texts)
        spans: dict[int, set[tuple[int, int]]] = {}
        for start, end, number, grouped in self._hits(folded.data):
            row = int(np.searchsorted(folded.offsets, start, side="right")) - 1
            low, high = folded.offsets[row : row + 2].tolist()
            bounded = _is_whole_number if number else _is_bounded
            # A hit may lie over the border of two texts.
            if end <= high and bounded(folded.data, (low, high), start, end):
                first = with_plus(folded.data, low, start) if grouped else start
                spans.setdefault(row, set()).add((first - low, end - low))
        for row, places in spans.items():
            points = fold(texts.slice(row, 1), sources=True).sources
            for start, end in places:
                yield row, int(points[start]), int(points[end - 1]) + 1

    def _escaped(self, texts: pa.StringArray) -> Iterator[_Spot]:
        """Places in texts with escapes, unescaped layer by layer."""
        rows, current = np.arange(len(texts)), texts
        for layers in range(1, MOST_LAYERS + 1):
            chosen = escaped_rows(current)
            before = current.take(pa.array(chosen))
            current = pa.array(map(unescaped, before.to_pylist()), pa.string())
            rows = rows[chosen]
            ways: dict[int, Any] = {}
            for place, start, end in self._plain(current):
                row = int(rows[place])
                if row not in ways:
                    ways[row] = source_places(texts[row].as_py(), layers)
                begins, ends = ways[row]
                yield row, int(begins[start]), int(ends[end - 1])

    def _hits(self, data: NDArray[np.uint8]) -> Iterator[tuple[int, int, bool, bool]]:
        """Start and end (bytes) of candidates; of a number? found in any grouping?"""
        for number, start, end in self.literals.find(data):
            yield start, end, number in self.digits, False
        if self.numbers.texts:
            digits, places = ungrouped(data)
            for _, start, end in self.numbers.find(digits):
                yield int(places[start]), int(places[end - 1]) + 1, True, True


def _spellings(folded: str) -> set[str]:
    """A folded value, and of an account number its usual groupings."""
    compact = re.sub(r"[ -]", "", folded)
    if not _ACCOUNT.fullmatch(compact):
        return {folded}
    fours = [compact[i : i + 4] for i in range(0, len(compact), 4)]
    return {folded, compact, " ".join(fours), "-".join(fours)}


def _is_whole_number(
    data: NDArray[np.uint8], row: tuple[int, int], start: int, end: int
) -> bool:
    """Whether no digit stands beside a number; letters may."""
    beside = [_around(data, row, place) for place in (start, end)]
    return not any(left.isdecimal() and right.isdecimal() for left, right in beside)


def _is_bounded(
    data: NDArray[np.uint8], row: tuple[int, int], start: int, end: int
) -> bool:
    """Whether what stands around a hit does not make it a part of a longer word."""
    before, first = _around(data, row, start)
    last, after = _around(data, row, end)
    if _extends(after) or (_is_word(last) and _is_word(after)):
        return False
    return not (_is_word(before) and _is_word(first))


def _around(
    data: NDArray[np.uint8], row: tuple[int, int], place: int
) -> tuple[str, str]:
    """The characters of a text before and behind a place; empty at its ends."""
    low, high = row
    before = data[max(low, place - _LONGEST) : place].tobytes()
    after = data[place : min(place + _LONGEST, high)].tobytes()
    # What is left of a character in the middle of which they begin or end is ignored.
    return before.decode(errors="ignore")[-1:], after.decode(errors="ignore")[:1]


def _is_word(character: str) -> bool:
    """A letter, digit or mark of a script that puts spaces between words."""
    korean = _JAMO[0] <= character <= _JAMO[1]
    return class_table()[ord(character or " ")] in (WORD, MARK) and not korean


def _extends(character: str) -> bool:
    """A mark or a part of a syllable: what stands before it is another character."""
    korean = _JAMO_WITHIN <= character <= _JAMO[1]
    return korean or unicodedata.category(character or " ")[0] == "M"

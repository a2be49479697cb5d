"""Sentences that words stand in, sampled from texts of any number.

A word is found as it is written, or with a capital where it is all small letters, and
between characters that are no letters, digits or `_`. Everything happens on the bytes
of a batch; a Python object is made of sentences that are kept alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.transforms.draws import place_draws, salt
from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from isinglass.schemas.arrays import Integers, Words

_KEY_BYTES = 8
_REACH = 240
"""Most bytes of a sentence on either side of the word."""

_LETTER = np.zeros(256, np.bool_)
_LETTER[[*b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"]] = True
_LETTER[128:] = True
_STOP = np.zeros(256, np.bool_)
_STOP[[*b".!?"]] = True
_BLANK = np.zeros(256, np.bool_)
_BLANK[[*b" \n\r\t\"')]"]] = True
_CONTINUES = 0b1100_0000, 0b1000_0000
"""Mask and value of a byte of UTF-8 that does not begin a character."""


@dataclass(frozen=True)
class Context:
    """A word in its sentence; `start` and `end` are code points of the sentence."""

    sentence: str
    start: int
    end: int


@dataclass
class ContextSample:
    """At most so many sentences of each word: a simple random sample of all there are.

    Attributes:
        words: What is looked for.
        most: Sentences of a word that are kept.
        seed: Of the draw, which depends on ids and places alone, not on the order.
    """

    words: Sequence[str]
    most: int
    seed: int
    _held: dict[str, list[tuple[int, Context]]] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note what the words can be written like."""
        self._forms = [
            (form.encode(), word)
            for word in self.words
            for form in dict.fromkeys((word, word[:1].upper() + word[1:]))
            if form == word or word == word.lower()
        ]
        keys = [_key(form) for form, _ in self._forms]
        self._keys = np.unique(np.array(keys, np.uint64))

    def add(self, doc_ids: pa.StringArray, texts: pa.Array) -> None:
        """Look through a batch of documents."""
        data, whole = string_buffers(texts)
        data, offsets = data[whole[0] : whole[-1]], (whole - whole[0]).astype(np.int64)
        if not len(data):
            return
        letters = _LETTER[data]
        opens = letters.copy()
        opens[1:] &= ~letters[:-1]
        # Two documents lie side by side: a word begins anew with each.
        begins = offsets[:-1][offsets[:-1] < offsets[1:]]
        opens[begins] = letters[begins]
        starts = np.flatnonzero(opens)
        stops = offsets[np.searchsorted(offsets, starts, side="right")]
        keys = _keys_at(data, letters, starts, stops)
        order = np.flatnonzero(np.isin(keys, self._keys))
        order = order[np.argsort(keys[order], kind="stable")]
        starts, stops, keys = starts[order], stops[order], keys[order]
        for form, word in self._forms:
            key = np.uint64(_key(form))
            some = slice(*np.searchsorted(keys, [key, key + np.uint64(1)]))
            found = _places(data, letters, (starts[some], stops[some]), form)
            if len(found):
                self._keep(word, len(form), found, (doc_ids, data, offsets))

    def contexts(self, word: str) -> list[Context]:
        """The sentences that were kept of a word, in the order of their draws."""
        return [context for _, context in sorted(self._held.get(word, ()), key=_first)]

    def seen(self, word: str) -> int:
        """How often the word was found."""
        return self._seen.get(word, 0)

    def _keep(
        self,
        word: str,
        length: int,
        found: Integers,
        batch: tuple[pa.StringArray, NDArray[np.uint8], Integers],
    ) -> None:
        doc_ids, data, offsets = batch
        self._seen[word] = self.seen(word) + len(found)
        rows = np.searchsorted(offsets, found, side="right") - 1
        salts = np.full(len(found), salt("ceat", word, self.seed), np.uint64)
        draws = place_draws(doc_ids.take(pa.array(rows)), found - offsets[rows], salts)
        held = self._held.setdefault(word, [])
        order = np.argsort(draws, kind="stable")[: self.most]
        if len(held) >= self.most:
            worst = max(draw for draw, _ in held)
            order = order[draws[order] < worst]
        for at in order:
            row = int(rows[at])
            bounds = int(offsets[row]), int(offsets[row + 1])
            context = _context(data, int(found[at]), length, bounds)
            held.append((int(draws[at]), context))
        if len(held) > self.most:
            held.sort(key=_first)
            del held[self.most :]


def _first(pair: tuple[int, Context]) -> int:
    return pair[0]


def _key(form: bytes) -> int:
    """The first bytes of a form, up to what is no letter."""
    size = next((i for i, byte in enumerate(form) if not _LETTER[byte]), len(form))
    own = form[: min(size, _KEY_BYTES)]
    return int.from_bytes(own.ljust(_KEY_BYTES, b"\0"), "little")


def _keys_at(
    data: NDArray[np.uint8],
    letters: NDArray[np.bool_],
    starts: Integers,
    stops: Integers,
) -> Words:
    """The key of the word that begins at each place, in a document up to a stop."""
    keys = np.zeros(len(starts), np.uint64)
    inside = np.ones(len(starts), np.bool_)
    for place in range(_KEY_BYTES):
        at = np.minimum(starts + place, stops - 1)
        inside &= (starts + place < stops) & letters[at]
        byte = np.where(inside, data[at], np.uint8(0)).astype(np.uint64)
        keys |= byte << np.uint64(8 * place)
    return keys


def _places(
    data: NDArray[np.uint8],
    letters: NDArray[np.bool_],
    candidates: tuple[Integers, Integers],
    form: bytes,
) -> Integers:
    """Where a whole word begins that is written so, of places with their stops."""
    starts, stops = candidates
    keep = starts + len(form) <= stops
    starts, stops = starts[keep], stops[keep]
    for place, byte in enumerate(form):
        same = data[starts + place] == byte
        starts, stops = starts[same], stops[same]
    ends = starts + len(form)
    behind = np.minimum(ends, len(data) - 1)
    return np.asarray(starts[(ends == stops) | ~letters[behind]])


def _context(
    data: NDArray[np.uint8], place: int, length: int, bounds: tuple[int, int]
) -> Context:
    """The sentence around a word, cut where it is long."""
    low, high = max(bounds[0], place - _REACH), min(bounds[1], place + length + _REACH)
    before, after = data[low:place], data[place + length : high]
    (ends,) = np.nonzero(_closes(before))
    low += int(ends[-1]) + 1 if len(ends) else 0
    (ends,) = np.nonzero(_closes(after))
    high = place + length + int(ends[0]) + 1 if len(ends) else high
    mask, value = _CONTINUES
    while low < place and data[low] & mask == value:
        low += 1
    while high < bounds[1] and data[high] & mask == value:
        high -= 1
    head = data[low:place].tobytes().decode("utf-8", "replace").lstrip()
    word = data[place : place + length].tobytes().decode()
    tail = data[place + length : high].tobytes().decode("utf-8", "replace").rstrip()
    return Context(f"{head}{word}{tail}", len(head), len(head) + len(word))


def _closes(data: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether a sentence ends with a byte; a line is never of two."""
    behind = np.append(data[1:], ord(" "))
    return np.asarray(_STOP[data] & _BLANK[behind] | (data == ord("\n")))

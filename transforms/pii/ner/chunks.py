"""Tokens by stretch of text: what spaCy's tokenizer made of each distinct one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from isinglass.transforms.pii.ner.arrays import EMPTY, grown, slots_for
from isinglass.transforms.pii.ner.marks import CAPITAL, marks
from isinglass.transforms.pii.ner.types import KEY_COLUMNS
from isinglass.transforms.pii.ner.words import PlainWords

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.transforms.pii.ner.special import CrossingRules
    from isinglass.transforms.pii.ner.split import Pieces
from isinglass.transforms.pii.ner.types import TypeTable

MOST_ENTRIES = 1 << 18
"""Stretches a table holds before it is dropped and filled anew: about 30 MB."""

MOST_BYTES = 1 << 23
"""Bytes of stretches, after which it is dropped as well."""

_GLUE = "\n\n\n\n"
"""Between stretches that are tokenised in one call; no rule of a tokenizer holds it."""


class ChunkTable:
    """Tokens of every stretch seen, found by its bytes.

    Only stretches that are not in it go through spaCy, so that its rules and norms
    stay spaCy's own. Norms are kept by stretch and not by word: special cases set them.

    Attributes:
        dropped: Times that the table was full and was emptied.
    """

    def __init__(
        self, nlp: Any, types: TypeTable, rules: CrossingRules, most: int
    ) -> None:
        self._nlp, self._types, self._rules, self._most = nlp, types, rules, most
        self._words = PlainWords(nlp)
        self.dropped = 0
        self._reset()

    def _reset(self) -> None:
        self._slots = np.full(slots_for(self._most), EMPTY, np.int32)
        self._hashes = np.empty(self._most, np.uint64)
        self._ends = np.zeros(self._most + 1, np.int64)
        self._bytes = np.empty(MOST_BYTES, np.uint8)
        self._count = 0
        self.token_ends = np.zeros(self._most + 1, np.int64)
        self.borders = np.zeros(self._most, np.uint8)
        self.tokens = np.empty((self._most, 4), np.int32)

    def __len__(self) -> int:
        """Stretches in the table."""
        return self._count

    def find(self, data: NDArray[np.uint8], pieces: Pieces) -> NDArray[np.int32]:
        """Number of each piece in the table; new ones are tokenised and added.

        Args:
            data: Bytes of the batch.
            pieces: Its stretches.
        """
        full = self._ends[self._count] > MOST_BYTES
        if full or self._count > self._most or self._types.full:
            self.dropped += 1
            self._types.drop()
            self._reset()
        before = self._count
        self._make_room(pieces)
        ids = np.empty(len(pieces.hashes), np.int32)
        new = np.empty(len(ids), np.int64)
        self._count = _intern(
            data,
            pieces.begins,
            pieces.ends,
            pieces.hashes,
            (self._slots, self._hashes, self._ends, self._bytes),
            (ids, new),
            before,
        )
        new = new[: self._count - before]
        if len(new):
            begins, ends = pieces.begins[new].tolist(), pieces.ends[new].tolist()
            raw = data.tobytes()
            self._tokenise(
                [raw[b:e].decode() for b, e in zip(begins, ends, strict=True)], before
            )
        return ids

    def _make_room(self, pieces: Pieces) -> None:
        most = self._count + len(pieces.hashes)
        self._hashes = grown(self._hashes, most)
        self._ends = grown(self._ends, most + 1)
        self.token_ends = grown(self.token_ends, most + 1)
        self.borders = grown(self.borders, most)
        length = int((pieces.ends - pieces.begins).sum())
        self._bytes = grown(self._bytes, int(self._ends[self._count]) + length)
        if len(self._slots) < slots_for(most):
            self._slots = np.full(slots_for(most), EMPTY, np.int32)
            _rehash(self._slots, self._hashes, self._count)

    def _tokenise(self, chunks: list[str], first: int) -> None:
        white = np.array([chunk.isspace() for chunk in chunks], np.bool_)
        words = np.array([self._words.holds(chunk) for chunk in chunks], np.bool_)
        with self._nlp.memory_zone():
            rest = np.flatnonzero(~white & ~words)
            parts = [self._together([chunks[i] for i in rest.tolist()], rest)]
            # White space would run into the glue, so each goes alone; few are distinct.
            parts += [
                self._together([chunks[i]], np.array([i]))
                for i in np.flatnonzero(white).tolist()
            ]
        plain = np.flatnonzero(words)
        parts.append((plain, self._plain([chunks[i] for i in plain.tolist()])))
        owners = np.concatenate([part[0] for part in parts])
        values = np.concatenate([part[1] for part in parts])
        order = np.argsort(owners, kind="stable")
        self._store(owners[order], values[order], len(chunks), first)
        self._flag(chunks, first)

    def _plain(self, words: list[str]) -> NDArray[np.uint64]:
        """Begin, length, flags and attributes of plain words."""
        values = np.zeros((len(words), 3 + len(KEY_COLUMNS)), np.uint64)
        values[:, 1] = [len(word) for word in words]
        values[:, 2] = [CAPITAL * word[0].isupper() for word in words]
        values[:, 3:] = self._words.keys(words)
        return values

    def _flag(self, chunks: list[str], first: int) -> None:
        """Note which ones may be part of a match over white space."""
        high = first + len(chunks)
        ends = self.token_ends[first : high + 1]
        heads, tails = self.tokens[ends[:-1]], self.tokens[ends[1:] - 1]
        self.borders[first:high] = self._rules.borders(
            chunks, heads[:, 2] - heads[:, 1], tails[:, 2] - tails[:, 1]
        )

    def _together(
        self, chunks: list[str], numbers: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Owner, and begin, length, flags and attributes, of tokens of chunks."""
        lengths = np.array([len(chunk) for chunk in chunks], np.int64)
        begins = np.cumsum(lengths + len(_GLUE)) - lengths - len(_GLUE)
        joined = _GLUE.join(chunks)
        doc = self._nlp.tokenizer(joined)
        values = doc.to_array(["IDX", "LENGTH", "IS_SPACE", *KEY_COLUMNS])
        values = values.reshape(len(doc), 3 + len(KEY_COLUMNS))
        places = values[:, 0].astype(np.int64)
        owners = np.searchsorted(begins, places, side="right") - 1
        local = places - begins[owners]
        kept = local < lengths[owners]
        values, places = values[kept], places[kept]
        sizes, white = values[:, 1].astype(np.int64), values[:, 2] != 0
        values[:, 2] = marks(joined, places, sizes, white)
        values[:, 0] = local[kept]
        return numbers[owners[kept]], values

    def _store(
        self,
        owners: NDArray[np.int64],
        values: NDArray[np.uint64],
        chunks: int,
        first: int,
    ) -> None:
        counts = np.bincount(owners, minlength=chunks)
        begin = int(self.token_ends[first])
        end = begin + len(owners)
        self.token_ends[first + 1 : first + 1 + chunks] = begin + np.cumsum(counts)
        self.tokens = grown(self.tokens, end)
        added = self.tokens[begin:end]
        added[:, 0] = self._types.intern(np.ascontiguousarray(values[:, 3:]))
        added[:, 1] = values[:, 0]
        added[:, 2] = values[:, 0] + values[:, 1]
        added[:, 3] = values[:, 2]


@numba.njit(cache=True, nogil=True)
def _equal(data: Any, begin: Any, other: Any, other_begin: Any, length: Any) -> Any:
    for i in range(length):  # noqa: SIM110 - a loop is what numba compiles
        if data[begin + i] != other[other_begin + i]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _intern(
    data: Any, begins: Any, ends: Any, hashes: Any, table: Any, out: Any, count: Any
) -> Any:
    slots, known, stops, content = table
    ids, new = out
    mask = np.uint64(len(slots) - 1)
    before = count
    for i in range(len(hashes)):
        begin, length = begins[i], ends[i] - begins[i]
        place = hashes[i] & mask
        while True:
            entry = slots[place]
            if entry < 0:
                slots[place] = count
                known[count] = hashes[i]
                base = stops[count]
                content[base : base + length] = data[begin : begin + length]
                stops[count + 1] = base + length
                new[count - before] = i
                entry = count
                count += 1
                break
            # A hash may be shared: the bytes decide.
            base = stops[entry]
            if (
                known[entry] == hashes[i]
                and stops[entry + 1] - base == length
                and _equal(data, begin, content, base, length)
            ):
                break
            place = (place + np.uint64(1)) & mask
        ids[i] = entry
    return count


@numba.njit(cache=True, nogil=True)
def _rehash(slots: Any, hashes: Any, count: Any) -> None:
    mask = np.uint64(len(slots) - 1)
    for entry in range(count):
        place = hashes[entry] & mask
        while slots[place] >= 0:
            place = (place + np.uint64(1)) & mask
        slots[place] = entry

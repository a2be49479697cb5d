"""Tokens by stretch of text: what spaCy's tokenizer made of each distinct one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.pii.ner.table import ByteTable, grown
from isinglass.transforms.pii.ner.weights import COLUMNS

if TYPE_CHECKING:
    from isinglass.transforms.pii.ner.batch import Pieces
    from isinglass.transforms.pii.ner.special import CrossingRules
    from isinglass.transforms.pii.ner.types import TypeTable

_CHECKED = 2_000
"""About so many words of the vocabulary are looked at."""

_GLUE = "\n\n\n\n"
"""Between stretches that are tokenised in one call; no rule of a tokenizer holds it."""


class PlainWords:
    """Attributes of plain words, four times as fast as by spaCy's tokenizer.

    A stretch of ASCII letters that is no special case is one token, since English rules
    split only at signs and digits. Whether this holds for a tokenizer is looked at when
    it is loaded, on words of its vocabulary; else nothing goes this way.
    """

    def __init__(self, nlp: Any) -> None:
        from spacy.strings import get_string_id  # noqa: PLC0415 - loads spaCy

        getters = nlp.vocab.lex_attr_getters
        self._getters = [getters[nlp.vocab.strings[column]] for column in COLUMNS]
        # Names in spaCy's table of symbols have small numbers instead of hashes.
        self._number = get_string_id
        self._rules = frozenset(nlp.tokenizer.rules)
        self.works = True
        self.works = self._agrees(nlp)

    def _agrees(self, nlp: Any) -> bool:
        known = [word for word in nlp.vocab.strings if self.holds(word)]
        # The vocabulary is sorted, so its first words begin alike.
        words = known[:: max(1, len(known) // _CHECKED)]
        with nlp.memory_zone():
            doc = nlp.tokenizer(_GLUE.join(words))
            values = doc.to_array(list(COLUMNS)).reshape(len(doc), len(COLUMNS))
        whole = len(doc) == 2 * len(words) - 1
        return whole and np.array_equal(values[::2], self.keys(words))

    def holds(self, chunk: str) -> bool:
        """Whether a stretch of text is a plain word."""
        return (
            self.works
            and chunk.isascii()
            and chunk.isalpha()
            and chunk not in self._rules
        )

    def keys(self, words: Sequence[str]) -> NDArray[np.uint64]:
        """Attributes of plain words, uint64 (n, 4)."""
        number = self._number
        norm, prefix, suffix, shape = self._getters
        rows = [
            (number(norm(w)), number(prefix(w)), number(suffix(w)), number(shape(w)))
            for w in words
        ]
        return np.array(rows, np.uint64).reshape(len(words), len(COLUMNS))


SPACE, SIGN, CAPITAL = 1, 2, 4
"""Flags: white space; an at sign, or of several characters with one that is neither
letter nor digit (`U.S.`, `//`); beginning with a capital letter."""

MOST_ENTRIES = 1 << 18
"""Stretches a table holds before it is dropped and filled anew: about 30 MB."""

MOST_BYTES = 1 << 23
"""Bytes of stretches, after which it is dropped as well."""


_ASCII = 128
_ALPHANUMERIC = np.array([chr(code).isalnum() for code in range(_ASCII)])
_CAPITAL = np.array([chr(code).isupper() for code in range(2 * _ASCII)])


class ChunkTable:
    """Tokens of every stretch seen, found by its bytes.

    Only stretches that are not in it go through spaCy, so that its rules and norms
    stay spaCy's own. Norms are kept by stretch and not by word: special cases set them.

    Attributes:
        token_ends: int64, where the tokens of each stretch end in `tokens`, after a 0.
        tokens: int32 (tokens, 4): type, begin and end in the stretch, and `marks`.
        borders: uint8, see `CrossingRules.borders`.
    """

    def __init__(
        self, nlp: Any, types: TypeTable, rules: CrossingRules, most: int
    ) -> None:
        self._nlp, self._types, self._rules, self._most = nlp, types, rules, most
        self._words = PlainWords(nlp)
        self._drop()

    def _drop(self) -> None:
        self._types.drop()
        self._known = ByteTable()
        self.token_ends = np.zeros(1, np.int64)
        self.tokens = np.empty((0, 4), np.int32)
        self.borders = np.empty(0, np.uint8)

    def __len__(self) -> int:
        """Stretches in the table."""
        return len(self._known)

    def find(self, data: NDArray[np.uint8], pieces: Pieces) -> NDArray[np.int32]:
        """Number of each piece in the table; new ones are tokenised and added."""
        full = len(self) > self._most or len(self._known.content) > MOST_BYTES
        if full or self._types.full:
            self._drop()
        before = len(self)
        ids, new = self._known.intern(data, pieces.begins, pieces.ends, pieces.hashes)
        if len(new):
            begins, ends = pieces.begins[new].tolist(), pieces.ends[new].tolist()
            raw = data.tobytes()
            self._add(
                [raw[b:e].decode() for b, e in zip(begins, ends, strict=True)], before
            )
        return ids

    def _add(self, chunks: list[str], first: int) -> None:
        white = np.array([chunk.isspace() for chunk in chunks], np.bool_)
        words = np.array([self._words.holds(chunk) for chunk in chunks], np.bool_)
        # White space would run into the glue, so each goes alone; few are distinct.
        rest, alone = np.flatnonzero(~white & ~words), np.flatnonzero(white)
        with self._nlp.memory_zone():
            groups = [rest, *alone[:, np.newaxis]]
            parts = [self._tokenise(chunks, group) for group in groups]
        parts.append(self._plain(chunks, np.flatnonzero(words)))
        owners, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(owners, kind="stable")
        owners, values = owners[order], values[order]
        count, begin = first + len(chunks), int(self.token_ends[first])
        self.token_ends = grown(self.token_ends, count + 1)
        ends = self.token_ends[first : count + 1]
        ends[1:] = begin + np.cumsum(np.bincount(owners, minlength=len(chunks)))
        self.tokens = grown(self.tokens, begin + len(owners))
        added = self.tokens[begin : begin + len(owners)]
        added[:, 0] = self._types.intern(values[:, 3:])
        added[:, 1] = values[:, 0]
        added[:, 2] = values[:, 0] + values[:, 1]
        added[:, 3] = values[:, 2]
        heads, tails = self.tokens[ends[:-1]], self.tokens[ends[1:] - 1]
        self.borders = grown(self.borders, count)
        self.borders[first:count] = self._rules.borders(
            chunks, heads[:, 2] - heads[:, 1], tails[:, 2] - tails[:, 1]
        )

    def _plain(
        self, chunks: list[str], numbers: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """The same as `_tokenise` of plain words."""
        words = [chunks[i] for i in numbers.tolist()]
        values = np.zeros((len(words), 3 + len(COLUMNS)), np.uint64)
        values[:, 1] = [len(word) for word in words]
        values[:, 2] = [CAPITAL * word[0].isupper() for word in words]
        values[:, 3:] = self._words.keys(words)
        return numbers, values

    def _tokenise(
        self, chunks: list[str], numbers: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Owner, and begin, length, flags and attributes, of tokens of some chunks."""
        some = [chunks[i] for i in numbers.tolist()]
        lengths = np.array([len(chunk) for chunk in some], np.int64)
        begins = np.cumsum(lengths + len(_GLUE)) - lengths - len(_GLUE)
        joined = _GLUE.join(some)
        doc = self._nlp.tokenizer(joined)
        values = doc.to_array(["IDX", "LENGTH", "IS_SPACE", *COLUMNS])
        values = values.reshape(len(doc), 3 + len(COLUMNS))
        places = values[:, 0].astype(np.int64)
        owners = np.searchsorted(begins, places, side="right") - 1
        local = places - begins[owners]
        kept = local < lengths[owners]
        values, places = values[kept], places[kept]
        sizes, white = values[:, 1].astype(np.int64), values[:, 2] != 0
        values[:, 2] = marks(joined, places, sizes, white)
        values[:, 0] = local[kept]
        return numbers[owners[kept]], values


def marks(
    joined: str,
    places: NDArray[np.int64],
    lengths: NDArray[np.int64],
    spaces: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """Flags of tokens.

    Characters beyond ASCII count as letters, and as capitals only where Unicode's
    upper and lower case of Latin-1 say so: this is no more than a hint.
    """
    codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
    sign = (codes < _ASCII) & ~_ALPHANUMERIC[np.minimum(codes, _ASCII - 1)]
    before = np.concatenate([[0], np.cumsum(sign)])
    signs = before[places + lengths] - before[places]
    first = codes[places]
    signed = (signs > 0) & ((lengths > 1) | (first == ord("@")))
    capital = (first < len(_CAPITAL)) & _CAPITAL[np.minimum(first, len(_CAPITAL) - 1)]
    flags = SPACE * spaces + SIGN * signed + CAPITAL * capital
    return np.asarray(flags, np.uint8)

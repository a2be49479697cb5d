"""Lexicons compiled to flat arrays: a vocabulary of words and a trie of phrases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers
from isinglass.transforms import characters
from isinglass.transforms.characters import CODE_POINTS, class_table
from isinglass.transforms.demographics.lexicon import all_lexicons, group_names
from isinglass.transforms.normalise import fold_table

BREAK, WORD, MARK, FORMAT, SINGLE, SOFT, UNDERSCORE = range(7)
"""What a code point does; see `character_table`."""

KIND_SHIFT = 24
MAX_WORD = 32
MAX_PHRASE = 8
HASH_START = np.uint64(0xCBF29CE484222325)
HASH_PRIME = np.uint64(0x100000001B3)
_SOFT = " \t\n\r\u00a0'\u2019-\u2010\u2011"


class MatchTables(NamedTuple):
    """Arrays of the compiled lexicons; all read-only.

    Attributes:
        slots: Word id by hash, -1 where empty; the size is a power of two.
        firsts: By hash, a bit for each root that has an entry beginning with a word
            of this hash.
        word_starts: Where each word begins in `word_codes`; one more than words.
        edge_keys: `node * words + word` of each edge of the trie, ascending.
        edge_nodes: Node that each edge leads to.
        node_rows: Row of `gains` of an entry that ends at the node, else -1.
        gains: Shape (entries, groups): what an entry adds; nothing for a veto.
    """

    characters: NDArray[np.int32]
    slots: NDArray[np.int32]
    firsts: Integers
    word_starts: Integers
    word_codes: NDArray[np.int32]
    edge_keys: Integers
    edge_nodes: NDArray[np.int32]
    node_rows: NDArray[np.int32]
    gains: NDArray[np.int32]


class Matcher(NamedTuple):
    """Compiled lexicons, and the root of each language's trie, from 0 up."""

    tables: MatchTables
    roots: dict[str, int]


@cache
def character_table() -> NDArray[np.int32]:
    """Return the folded code point of each code point, and its kind in the top byte.

    Words follow Unicode Standard Annex 29 but for apostrophes, which part words here
    so that `he's` holds `he`. Kinds: WORD is a letter or digit; MARK continues a
    word; FORMAT (soft hyphen, joiners) is skipped within one; SINGLE is a word by
    itself (a letter of an unspaced script); SOFT may stand between the words of a
    phrase; UNDERSCORE
    joins two words but not the outside of one; BREAK is all else.
    """
    classes = class_table()
    kinds = np.full(CODE_POINTS, BREAK, np.int32)
    kinds[classes & characters.WORD > 0] = WORD
    kinds[classes & characters.UNSPACED > 0] = SINGLE
    kinds[classes & characters.MARK > 0] = MARK
    kinds[classes & characters.FORMAT > 0] = FORMAT
    kinds[ord("_")] = UNDERSCORE
    for character in _SOFT:
        kinds[ord(character)] = SOFT
    folded = np.where(fold_table() < 0, np.arange(CODE_POINTS), fold_table())
    table: NDArray[np.int32] = (folded | kinds << KIND_SHIFT).astype(np.int32)
    table.flags.writeable = False
    return table


@cache
def load_matcher() -> Matcher:
    """Compile all lexicons of the package to one vocabulary and one trie a language.

    Raises as `split_words` does.
    """
    lexicons, columns = all_lexicons(), group_names()
    words: dict[tuple[int, ...], int] = {}
    edges: dict[tuple[int, int], int] = {}
    rows: dict[int, list[int]] = {}
    roots = {lexicon.language: root for root, lexicon in enumerate(lexicons)}
    nodes = len(roots)
    for lexicon in lexicons:
        entries = [(form, columns.index(group)) for form, group in lexicon.terms]
        for form, column in [*entries, *((veto, -1) for veto in lexicon.vetoes)]:
            node = roots[lexicon.language]
            for codes in split_words(form):
                word = words.setdefault(codes, len(words))
                if (node, word) not in edges:
                    edges[node, word] = nodes
                    nodes += 1
                node = edges[node, word]
            gains = rows.setdefault(node, [0] * len(columns))
            if column >= 0:
                gains[column] = 1
    gained = np.array(list(rows.values()), np.int32)
    node_rows = np.full(nodes, -1, np.int32)
    node_rows[list(rows)] = np.arange(len(rows))
    tables = _tables(list(words), edges, node_rows, gained, len(roots))
    return Matcher(tables, roots)


def split_words(entry: str) -> list[tuple[int, ...]]:
    """Split a term or veto into words of folded code points, as texts are split.

    Raises:
        ValueError: There are no words, too many, or one is too long.
    """
    table = character_table()
    text = unicodedata.normalize("NFC", entry)
    pieces = re.split(f"[{re.escape(_SOFT)}]+", text)
    words: list[tuple[int, ...]] = []
    for piece in pieces:
        codes = [ord(character) for character in piece]
        entries = [int(table[code]) for code in codes]
        kinds = {entry >> KIND_SHIFT for entry in entries}
        if kinds == {SINGLE}:
            words.extend((code,) for code in codes)
        elif kinds == {WORD}:
            words.append(tuple(entry & ((1 << KIND_SHIFT) - 1) for entry in entries))
        else:
            raise ValueError(
                f"lexicon entry {entry!r}: {piece!r} is not a word; use letters and "
                "digits, parted by spaces, hyphens or apostrophes"
            )
    if len(words) > MAX_PHRASE or max(map(len, words)) > MAX_WORD:
        raise ValueError(
            f"lexicon entry {entry!r} is too long: at most {MAX_PHRASE} words of "
            f"{MAX_WORD} characters"
        )
    return words


def _tables(
    words: list[tuple[int, ...]],
    edges: dict[tuple[int, int], int],
    node_rows: NDArray[np.int32],
    gains: NDArray[np.int32],
    roots: int,
) -> MatchTables:
    slots, firsts = _hashed_words(words, [key for key in edges if key[0] < roots])
    ordered = sorted(
        (node * len(words) + word, to) for (node, word), to in edges.items()
    )
    lengths = [len(codes) for codes in words]
    tables = MatchTables(
        characters=character_table(),
        slots=slots,
        firsts=firsts,
        word_starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        word_codes=np.array([code for codes in words for code in codes], np.int32),
        edge_keys=np.array([key for key, _ in ordered], np.int64),
        edge_nodes=np.array([node for _, node in ordered], np.int32),
        node_rows=node_rows,
        gains=gains,
    )
    for array in tables:
        array.flags.writeable = False
    return tables


def _hashed_words(
    words: list[tuple[int, ...]], first_edges: list[tuple[int, int]]
) -> tuple[NDArray[np.int32], Integers]:
    # Eight slots an entry or more, so that nearly every miss is one look.
    slots = np.full(1 << max(6, (8 * len(words)).bit_length()), -1, np.int32)
    homes = [hash_codes(codes) & (len(slots) - 1) for codes in words]
    for word, home in enumerate(homes):
        slot = home
        while slots[slot] >= 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = word
    firsts = np.zeros(len(slots), np.int64)
    for root, word in first_edges:
        firsts[homes[word]] |= 1 << root
    return slots, firsts


def hash_codes(codes: Sequence[int]) -> int:
    """Hash a word as the kernel does: FNV-1a (Fowler, Noll, Vo) over code points."""
    value = int(HASH_START)
    for code in codes:
        value = (value ^ code) * int(HASH_PRIME) % 2**64
    return value ^ value >> 32

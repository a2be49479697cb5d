"""Lexicons compiled to flat arrays: a vocabulary of words and a trie of phrases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers
from isinglass.transforms.demographics.words import character_table, split_words

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import Lexicons

HASH_START = np.uint64(0xCBF29CE484222325)
HASH_PRIME = np.uint64(0x100000001B3)


class MatchTables(NamedTuple):
    """Arrays of the compiled lexicons; all read-only.

    Attributes:
        slots: Word id by hash, -1 where empty; the size is a power of two.
        firsts: By hash, a bit for each root that has an entry beginning with a word
            of this hash.
        word_starts: Where each word begins in `word_codes`; one more than words.
        edge_keys: `node * words + word` of each edge of the trie, ascending.
        edge_nodes: Node that each edge leads to.
        node_entries: Entry that ends at the node, else -1.
        term_starts: Where the terms of each entry begin in `terms`; one more than
            entries.
        terms: Places in `Lexicons.terms`, and behind them in `Lexicons.vetoes`.
        columns: Of each term, its column of counts.
        judged: Of each term, whether its matches are judged in their place.
        firm: Of each term, whether it counts where a number must be sure.
    """

    characters: NDArray[np.int32]
    slots: NDArray[np.int32]
    firsts: Integers
    word_starts: Integers
    word_codes: NDArray[np.int32]
    edge_keys: Integers
    edge_nodes: NDArray[np.int32]
    node_entries: NDArray[np.int32]
    term_starts: NDArray[np.int32]
    terms: NDArray[np.int32]
    columns: NDArray[np.int32]
    judged: Flags
    firm: Flags


class Matcher(NamedTuple):
    """Compiled lexicons, and the root of each language's trie, from 0 up."""

    tables: MatchTables
    roots: dict[str, int]


@lru_cache(maxsize=8)
def compile_matcher(lexicons: Lexicons) -> Matcher:
    """Compile lexicons to one vocabulary and one trie a language."""
    words: dict[tuple[int, ...], int] = {}
    edges: dict[tuple[int, int], int] = {}
    entries: dict[int, list[int]] = {}
    roots = {one.language: root for root, one in enumerate(lexicons.all)}
    nodes = len(roots)
    written = [
        (one.language, form, place)
        for place, (one, _, term) in enumerate(lexicons.terms)
        for form in term.written
    ]
    # A veto is a term behind all terms, whose matches are told apart and never count.
    written += [
        (one.language, veto, len(lexicons.terms) + place)
        for place, (one, veto) in enumerate(lexicons.vetoes)
    ]
    for language, form, place in written:
        node = roots[language]
        for codes in split_words(form):
            word = words.setdefault(codes, len(words))
            if (node, word) not in edges:
                edges[node, word] = nodes
                nodes += 1
            node = edges[node, word]
        own = entries.setdefault(node, [])
        if place >= len(lexicons.terms):
            own.extend(() if own else (place,))
            continue
        # Of a group one mention, though several of its terms are written so.
        groups = {lexicons.terms[other][1] for other in own}
        if lexicons.terms[place][1] not in groups:
            own.append(place)
    node_entries = np.full(nodes, -1, np.int32)
    node_entries[list(entries)] = np.arange(len(entries))
    vocabulary = _vocabulary(list(words), edges, len(roots))
    tables = MatchTables(
        *vocabulary, node_entries, *_terms(lexicons, list(entries.values()))
    )
    for array in tables:
        array.flags.writeable = False
    return Matcher(tables, roots)


def _terms(
    lexicons: Lexicons, entries: list[list[int]]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], Flags, Flags]:
    """The last arrays of the tables, of the terms of each entry."""
    columns = {group: column for column, group in enumerate(lexicons.groups)}
    terms = [term for _, _, term in lexicons.terms]
    judged = np.array([bool(term.sense or term.case) for term in terms], np.bool_)
    reviewed = np.array([term.status == "reviewed" for term in terms], np.bool_)
    sure = [
        not term.ambiguous or label in lexicons.measured
        for term, label in zip(terms, lexicons.labels, strict=True)
    ]
    return (
        np.append(0, np.cumsum([len(own) for own in entries])).astype(np.int32),
        np.array([term for own in entries for term in own], np.int32),
        np.array([columns[group] for _, group, _ in lexicons.terms], np.int32),
        np.append(judged, np.ones(len(lexicons.vetoes), np.bool_)),
        reviewed & np.array(sure, np.bool_),
    )


def _vocabulary(
    words: list[tuple[int, ...]], edges: dict[tuple[int, int], int], roots: int
) -> tuple[
    NDArray[np.int32],
    NDArray[np.int32],
    Integers,
    Integers,
    NDArray[np.int32],
    Integers,
    NDArray[np.int32],
]:
    """The first arrays of the tables."""
    slots, firsts = _hashed_words(words, [key for key in edges if key[0] < roots])
    ordered = sorted(
        (node * len(words) + word, to) for (node, word), to in edges.items()
    )
    lengths = [len(codes) for codes in words]
    return (
        character_table(),
        slots,
        firsts,
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array([code for codes in words for code in codes], np.int32),
        np.array([key for key, _ in ordered], np.int64),
        np.array([node for _, node in ordered], np.int32),
    )


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

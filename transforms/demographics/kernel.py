"""The automaton: words of lexicons in texts, and the longest phrases of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from isinglass.transforms.compiled import njit
from isinglass.transforms.demographics.matcher import HASH_PRIME, HASH_START
from isinglass.transforms.demographics.words import (
    BREAK,
    FORMAT,
    KIND_SHIFT,
    MARK,
    MAX_WORD,
    SINGLE,
    UNDERSCORE,
    WORD,
)
from isinglass.transforms.text import decode

_CODE_MASK = (1 << KIND_SHIFT) - 1


@njit(nogil=True)
def _look_up(tables: Any, word: Any, length: Any, slot: Any) -> Any:
    """Return the id of `word[:length]`, whose hash points to `slot`, or -1."""
    mask = tables.slots.size - 1
    while True:
        found = tables.slots[slot]
        if found < 0:
            return -1
        start = tables.word_starts[found]
        if tables.word_starts[found + 1] - start == length:
            same = True
            for index in range(length):
                same &= tables.word_codes[start + index] == word[index]
            if same:
                return found
        slot = (slot + 1) & mask


@njit(nogil=True)
def _follow(tables: Any, node: Any, word: Any) -> Any:
    """Return the node after `word`, or -1."""
    key = np.int64(node) * (tables.word_starts.size - 1) + word
    place = np.searchsorted(tables.edge_keys, key)
    if place < tables.edge_keys.size and tables.edge_keys[place] == key:
        return tables.edge_nodes[place]
    return -1


@njit(nogil=True)
def _appended(found: Any, count: Any, cell: Any) -> Any:
    """A table with room for one more row, and that row in it."""
    if count == len(found):
        found = np.concatenate((found, np.empty_like(found)))
    for column in range(4):
        found[count, column] = cell[column]
    return found


@njit(nogil=True)
def _match(tables: Any, root: Any, run: Any, counts: Any, out: Any) -> Any:
    """Count the longest entries in words of the lexicon; -1 parts what is no phrase.

    `run` is (words, starts, stops), `out` is (matches, how many, row). Returns the
    matches of terms that are judged, and how many they are.
    """
    words, starts, stops = run
    found, total, document = out
    begin = 0
    while begin < words.size:
        node = np.int64(root)
        step = 1
        entry = np.int64(-1)
        for index in range(begin, words.size):
            if words[index] >= 0:
                node = np.int64(_follow(tables, node, words[index]))
            if words[index] < 0 or node < 0:
                break
            if tables.node_entries[node] >= 0:
                entry = np.int64(tables.node_entries[node])
                step = index + 1 - begin
        if entry >= 0:
            for at in range(tables.term_starts[entry], tables.term_starts[entry + 1]):
                term = np.int64(tables.terms[at])
                if tables.judged[term]:
                    place = (document, starts[begin], stops[begin + step - 1], term)
                    found = _appended(found, total, place)
                    total += 1
                else:
                    column = tables.columns[term]
                    counts[column, 0] += 1
                    counts[column, 1] += tables.firm[term]
        begin += step
    return found, total


@njit(nogil=True, inline="always")
def _word(data: Any, position: Any, stop: Any, characters: Any, word: Any) -> Any:
    """Read to the end of a word that begins at `position`.

    Returns the position after it, hash, length (0 if it cannot be a word of a lexicon),
    and whether it holds combining marks. Underscores around a word are no part of it.
    """
    value = HASH_START
    length = 0
    trailing = False
    joined = False
    marked = False
    while position < stop:
        point, width = np.int64(data[position]), 1
        if point >= 0x80:  # noqa: PLR2004
            point, width = decode(data, position)
        entry = characters[point]
        kind = entry >> KIND_SHIFT
        if kind in (WORD, MARK):
            code = np.int32(entry & _CODE_MASK)
            joined |= trailing
            marked |= kind == MARK
            if length < MAX_WORD:
                word[length] = code
            length += 1
            value = (value ^ np.uint64(code)) * HASH_PRIME
        elif kind == UNDERSCORE:
            trailing = length > 0
        elif kind != FORMAT:
            break
        position += width
    if joined or length > MAX_WORD:
        length = 0
    return position, value, length, marked


@njit(nogil=True)
def _runs(data: Any, position: Any, stop: Any, root: Any, tables: Any, run: Any) -> Any:
    """Find words of the lexicon in one text, and what follows each in a phrase.

    Returns how many there are, all words, and whether the text holds combining marks.
    """
    characters, firsts = tables.characters, tables.firsts
    found_words, starts, stops = run
    mask = firsts.size - 1
    word = np.empty(MAX_WORD, np.int32)
    fill = np.int64(0)
    inside = False
    words = np.int64(0)
    marked = False
    while position < stop:
        point, width = np.int64(data[position]), 1
        if point >= 0x80:  # noqa: PLR2004
            point, width = decode(data, position)
        kind = characters[point] >> KIND_SHIFT
        if kind in (WORD, UNDERSCORE, SINGLE):
            words += 1
            first = position
            if kind == SINGLE:
                position += width
                word[0] = point
                length = 1
                value = (HASH_START ^ np.uint64(point)) * HASH_PRIME
            else:
                position, value, length, has_marks = _word(
                    data, position, stop, characters, word
                )
                marked |= has_marks
            # Nearly every word ends here: calls with many arrays are dear.
            slot = np.int64(value ^ (value >> np.uint64(32))) & mask
            found = np.int64(-1)
            if root >= 0 and length > 0 and (inside or firsts[slot] >> root & 1):
                found = _look_up(tables, word, length, slot)
            if found >= 0 or inside:
                found_words[fill], starts[fill], stops[fill] = found, first, position
                fill += 1
                inside = bool(found >= 0)
            continue
        position += width
        marked |= kind == MARK
        if kind == BREAK and inside:
            found_words[fill] = -1
            fill += 1
            inside = False
    return fill, words, marked


@njit(nogil=True)
def count_rows(data: Any, offsets: Any, roots: Any, tables: Any, out: Any) -> Any:
    """Cells (row, group, count, firm) and matches (row, start, stop, term), (n, 4)."""
    words, marked, width = out
    cells, matches = np.empty((64, 4), np.int64), np.empty((64, 4), np.int64)
    filled, matched, longest = 0, 0, 0
    for row in range(offsets.size - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    # A word takes a byte, and so does what parts it from the next one.
    run_words = np.empty(longest + 1, np.int32)
    starts, stops = np.empty(longest + 1, np.int64), np.empty(longest + 1, np.int64)
    counts = np.zeros((width, 2), np.int64)
    for row in range(offsets.size - 1):
        low, high = np.int64(offsets[row]), np.int64(offsets[row + 1])
        root = np.int64(roots[row])
        run = (run_words, starts, stops)
        fill, words[row], marked[row] = _runs(data, low, high, root, tables, run)
        if not fill:
            continue
        run = (run_words[:fill], starts[:fill], stops[:fill])
        state = (matches, matched, row)
        matches, matched = _match(tables, root, run, counts, state)
        for group in range(width):
            if counts[group, 0]:
                cell = (row, group, counts[group, 0], counts[group, 1])
                cells = _appended(cells, filled, cell)
                filled += 1
                counts[group] = 0
    return cells[:filled], matches[:matched]

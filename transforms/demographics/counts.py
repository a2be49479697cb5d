"""Mentions of demographic groups in documents, counted over Arrow buffers."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers
from isinglass.transforms.compiled import njit
from isinglass.transforms.demographics.lexicon import group_names, load_lexicon
from isinglass.transforms.demographics.matcher import (
    BREAK,
    FORMAT,
    HASH_PRIME,
    HASH_START,
    KIND_SHIFT,
    MARK,
    MAX_WORD,
    SINGLE,
    UNDERSCORE,
    WORD,
    Matcher,
    load_matcher,
)
from isinglass.transforms.text import decode, string_buffers

_CODE_MASK = (1 << KIND_SHIFT) - 1


@dataclass(frozen=True)
class MentionCounts:
    """Mentions in n documents.

    Attributes:
        counts: int32, shape (n, groups), columns as `group_names()`; 0 in a document
            that is not covered.
        covered: bool, shape (n,): the document's language has a lexicon.
        words: int64, shape (n,): runs of letters, digits, marks and underscores; each
            Han or Hiragana character is a word by itself. Counted in all documents.
    """

    counts: NDArray[np.int32]
    covered: Flags
    words: Integers


def count_mentions(texts: pa.StringArray, languages: pa.StringArray) -> MentionCounts:
    """Count the mentions of each group in each document.

    Whole words count, whatever their case, the longest entry of the lexicon first;
    `he's` and `l'homme` hold `he` and `homme`. Chinese is matched by character. Only
    documents whose language has a lexicon are counted. Texts are not normalised.

    Raises:
        ValueError: A text is null, or the lengths differ.
    """
    if len(texts) != len(languages):
        raise ValueError(f"{len(texts)} texts have {len(languages)} languages")
    matcher = load_matcher()
    roots = _roots(languages, matcher)
    counts, words, marked = _count(texts, roots, matcher)
    marked &= roots >= 0
    if marked.any():
        # Letters and marks apart may be one letter in the lexicon.
        # (Arrow's own normalisation does not compose them.)
        rows = texts.filter(pa.array(marked)).to_pylist()
        composed = [unicodedata.normalize("NFC", text) for text in rows]
        part = pa.array(composed, pa.string())
        counts[marked] = _count(part, roots[marked], matcher)[0]
    return MentionCounts(counts, roots >= 0, words)


def mention_fields() -> tuple[pa.Field, ...]:
    """Columns of the survey that hold `MentionCounts`."""
    groups = len(group_names())
    return (
        pa.field("covered", pa.bool_(), nullable=False),
        pa.field("words", pa.int64(), nullable=False),
        pa.field("mentions", pa.list_(pa.int32(), groups), nullable=False),
    )


def mention_columns(mentions: MentionCounts) -> dict[str, pa.Array]:
    """The columns of `mention_fields` for a batch."""
    flat = np.ascontiguousarray(mentions.counts, dtype=np.int32).reshape(-1)
    groups = mentions.counts.shape[1]
    return {
        "covered": pa.array(mentions.covered),
        "words": pa.array(mentions.words.astype(np.int64)),
        "mentions": pa.FixedSizeListArray.from_arrays(pa.array(flat), groups),
    }


def mention_matrix(column: pa.ChunkedArray) -> NDArray[np.int32]:
    """Mention counts (documents, groups) of a survey column."""
    flat = column.combine_chunks().flatten().to_numpy()
    return np.asarray(flat).reshape(-1, len(group_names()))


def _roots(languages: pa.StringArray, matcher: Matcher) -> NDArray[np.int32]:
    """Root of the trie for each document, -1 where there is no lexicon."""
    encoded = languages.dictionary_encode()
    found = [load_lexicon(tag or "") for tag in encoded.dictionary.to_pylist()]
    of_code = [-1 if x is None else matcher.roots[x.language] for x in found]
    codes = pc.fill_null(encoded.indices, len(of_code)).to_numpy(zero_copy_only=False)
    return np.asarray(np.array([*of_code, -1], np.int32)[codes])


def _count(
    texts: pa.StringArray, roots: NDArray[np.int32], matcher: Matcher
) -> tuple[NDArray[np.int32], Integers, Flags]:
    data, offsets = string_buffers(texts)
    counts = np.zeros((len(texts), len(group_names())), np.int32)
    words = np.zeros(len(texts), np.int64)
    marked = np.zeros(len(texts), np.bool_)
    _count_rows(data, offsets, roots, matcher.tables, (counts, words, marked))
    return counts, words, marked


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
def _match(tables: Any, root: Any, words: Any, counts: Any) -> None:
    """Count the longest entries in words of the lexicon; -1 parts what is no phrase."""
    begin = 0
    while begin < words.size:
        node = np.int64(root)
        step = 1
        row = np.int64(-1)
        for index in range(begin, words.size):
            if words[index] >= 0:
                node = np.int64(_follow(tables, node, words[index]))
            if words[index] < 0 or node < 0:
                break
            if tables.node_rows[node] >= 0:
                row = np.int64(tables.node_rows[node])
                step = index + 1 - begin
        if row >= 0:
            for group in range(counts.size):
                counts[group] += tables.gains[row, group]
        begin += step


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
def _count_row(
    data: Any, position: Any, stop: Any, root: Any, tables: Any, counts: Any
) -> Any:
    """Count one text; returns its words and whether it holds combining marks."""
    characters, firsts = tables.characters, tables.firsts
    mask = firsts.size - 1
    word = np.empty(MAX_WORD, np.int32)
    # A word takes a byte, and so does what parts it from the next one.
    run = np.empty(stop - position + 1, np.int32)
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
                run[fill] = found
                fill += 1
                inside = bool(found >= 0)
            continue
        position += width
        marked |= kind == MARK
        if kind == BREAK and inside:
            run[fill] = -1
            fill += 1
            inside = False
    if fill > 0:
        _match(tables, root, run[:fill], counts)
    return words, marked


@njit(nogil=True)
def _count_rows(data: Any, offsets: Any, roots: Any, tables: Any, out: Any) -> None:
    counts, words, marked = out
    for row in range(offsets.size - 1):
        words[row], marked[row] = _count_row(
            data,
            np.int64(offsets[row]),
            np.int64(offsets[row + 1]),
            np.int64(roots[row]),
            tables,
            counts[row],
        )

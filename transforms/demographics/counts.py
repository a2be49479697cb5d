"""Mentions of demographic groups in documents, counted over Arrow buffers."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers
from isinglass.transforms.compiled import njit
from isinglass.transforms.demographics.matcher import (
    HASH_PRIME,
    HASH_START,
    Matcher,
    compile_matcher,
)
from isinglass.transforms.demographics.senses import judge_matches
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
from isinglass.transforms.text import decode, string_buffers

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import Lexicons

_CODE_MASK = (1 << KIND_SHIFT) - 1


class Matches(NamedTuple):
    """Places where an ambiguous term stands, judged.

    Attributes:
        rows: Of the document.
        starts: First byte, in the text of the row.
        stops: One past the last byte.
        terms: Places in `Lexicons.terms`.
        rules: By which rule it means the group there, a place in `senses.RULES`; 0 if
            it does not.
    """

    rows: Integers
    starts: Integers
    stops: Integers
    terms: Integers
    rules: NDArray[np.uint8]


@dataclass(frozen=True)
class MentionCounts:
    """Mentions in n documents, of each group that a document mentions.

    Attributes:
        starts: int64 (n + 1,), where the groups of each document begin.
        groups: uint16 (m,), columns of `Lexicons.groups`, ascending in a document.
        counts: int32 (m,), accepted mentions, 1 or more.
        firm: int32 (m,), those of them by reviewed terms that are not ambiguous.
        covered: bool (n,): the document's language has a lexicon.
        words: int64 (n,): runs of letters, digits, marks and underscores; each Han or
            Hiragana character is a word by itself. Counted in all documents.
    """

    starts: Integers
    groups: NDArray[np.uint16]
    counts: NDArray[np.int32]
    firm: NDArray[np.int32]
    covered: Flags
    words: Integers

    @property
    def rows(self) -> Integers:
        """int64 (m,), the document of each count."""
        return np.repeat(np.arange(len(self.covered)), np.diff(self.starts))

    def dense(self, columns: Sequence[int], *, firm: bool = False) -> NDArray[np.int32]:
        """Counts of some groups as a matrix, int32 (n, columns)."""
        found = np.zeros((len(self.covered), len(columns)), np.int32)
        rows, counts = self.rows, self.firm if firm else self.counts
        for place, column in enumerate(columns):
            chosen = self.groups == column
            found[rows[chosen], place] = counts[chosen]
        return found

    def filter(self, kept: Flags) -> MentionCounts:
        """The same of some documents, `kept` bool (n,)."""
        inside = kept[self.rows]
        lengths = np.diff(self.starts)[kept]
        return MentionCounts(
            np.append(0, np.cumsum(lengths)),
            self.groups[inside],
            self.counts[inside],
            self.firm[inside],
            self.covered[kept],
            self.words[kept],
        )


def count_mentions(
    texts: pa.StringArray, languages: pa.StringArray, lexicons: Lexicons
) -> tuple[MentionCounts, Matches]:
    """Count the mentions of each group in each document.

    Whole words count, whatever their case, the longest entry of the lexicon first;
    `he's` and `l'homme` hold `he` and `homme`. Chinese is matched by character. A term
    with a sense rule counts where the rule accepts it. Only documents whose language
    has a lexicon are counted. Texts are not normalised.

    Returns:
        The counts, and all matches of terms with a sense rule.

    Raises:
        ValueError: A text is null, or the lengths differ.
    """
    if len(texts) != len(languages):
        raise ValueError(f"{len(texts)} texts have {len(languages)} languages")
    matcher = compile_matcher(lexicons)
    roots = _roots(languages, lexicons, matcher)
    words, marked, cells, matches = _count(texts, roots, lexicons)
    marked &= roots >= 0
    if marked.any():
        # Letters and marks apart may be one letter in the lexicon.
        # (Arrow's own normalisation does not compose them.)
        places = np.flatnonzero(marked)
        rows = texts.take(pa.array(places)).to_pylist()
        composed = [unicodedata.normalize("NFC", text) for text in rows]
        part = pa.array(composed, pa.string())
        _, _, own_cells, own_matches = _count(part, roots[marked], lexicons)
        cells = _replaced(cells, own_cells, marked, places)
        matches = Matches(*_replaced(matches, own_matches, marked, places))
    return _counted(cells, matches, (roots >= 0, words), lexicons), matches


def _replaced(
    old: tuple[Any, ...], new: tuple[Any, ...], marked: Flags, places: Integers
) -> tuple[Any, ...]:
    """Columns with those of some rows replaced; the first column is the row."""
    kept = ~marked[old[0]]
    moved = (places[new[0]], *new[1:])
    return tuple(
        np.concatenate([before[kept], after])
        for before, after in zip(old, moved, strict=True)
    )


def _counted(
    cells: tuple[Any, ...],
    matches: Matches,
    documents: tuple[Flags, Integers],
    lexicons: Lexicons,
) -> MentionCounts:
    """Bring counts and accepted matches together, by document and group."""
    covered, words = documents
    columns = compile_matcher(lexicons).tables.columns
    firms = compile_matcher(lexicons).tables.firm
    accepted = matches.rules > 0
    terms = matches.terms[accepted]
    rows = np.concatenate([cells[0], matches.rows[accepted]])
    groups = np.concatenate([cells[1], columns[terms]]).astype(np.int64)
    counts = np.concatenate([cells[2], np.ones(len(terms), np.int64)])
    firm = np.concatenate([cells[3], firms[terms]])
    width = max(len(lexicons.groups), 1)
    keys, place = np.unique(rows * width + groups, return_inverse=True)
    per_document = np.bincount(keys // width, minlength=len(covered))
    return MentionCounts(
        np.append(0, np.cumsum(per_document)).astype(np.int64),
        (keys % width).astype(np.uint16),
        np.bincount(place, counts, len(keys)).astype(np.int32),
        np.bincount(place, firm, len(keys)).astype(np.int32),
        covered,
        words,
    )


_CELL = pa.struct(
    [
        pa.field("group", pa.uint16(), nullable=False),
        pa.field("count", pa.int32(), nullable=False),
        pa.field("firm", pa.int32(), nullable=False),
    ]
)


def mention_fields() -> tuple[pa.Field, ...]:
    """Columns of the survey that hold `MentionCounts`."""
    return (
        pa.field("covered", pa.bool_(), nullable=False),
        pa.field("words", pa.int64(), nullable=False),
        pa.field("mentions", pa.list_(_CELL), nullable=False),
    )


def mention_columns(mentions: MentionCounts) -> dict[str, pa.Array]:
    """The columns of `mention_fields` for a batch."""
    parts = (mentions.groups, mentions.counts, mentions.firm)
    cells = pa.StructArray.from_arrays(
        [pa.array(part) for part in parts], fields=list(_CELL)
    )
    starts = pa.array(mentions.starts.astype(np.int32))
    return {
        "covered": pa.array(mentions.covered),
        "words": pa.array(mentions.words.astype(np.int64)),
        "mentions": pa.ListArray.from_arrays(starts, cells, type=pa.list_(_CELL)),
    }


def read_mentions(table: pa.Table) -> MentionCounts:
    """The mentions of a table with the columns of `mention_fields`."""
    column = table["mentions"].combine_chunks()
    lengths = pc.list_value_length(column).to_numpy(zero_copy_only=False)
    group, count, firm = (part.to_numpy() for part in column.flatten().flatten())
    return MentionCounts(
        np.append(0, np.cumsum(lengths)).astype(np.int64),
        group,
        count,
        firm,
        table["covered"].to_numpy(),
        table["words"].to_numpy(),
    )


def _roots(
    languages: pa.StringArray, lexicons: Lexicons, matcher: Matcher
) -> NDArray[np.int32]:
    """Root of the trie for each document, -1 where there is no lexicon."""
    encoded = languages.dictionary_encode()
    found = [lexicons.find(tag or "") for tag in encoded.dictionary.to_pylist()]
    of_code = [-1 if x is None else matcher.roots[x.language] for x in found]
    codes = pc.fill_null(encoded.indices, len(of_code)).to_numpy(zero_copy_only=False)
    return np.asarray(np.array([*of_code, -1], np.int32)[codes])


def _count(
    texts: pa.StringArray, roots: NDArray[np.int32], lexicons: Lexicons
) -> tuple[Integers, Flags, tuple[Any, ...], Matches]:
    """Words, whether marks were met, cells (row, group, count, firm), and matches."""
    data, offsets = string_buffers(texts)
    tables = compile_matcher(lexicons).tables
    words = np.zeros(len(texts), np.int64)
    marked = np.zeros(len(texts), np.bool_)
    width = len(lexicons.groups)
    cells, found = _count_rows(data, offsets, roots, tables, (words, marked, width))
    rows, starts, stops, terms = found.T
    rules = judge_matches(data, offsets, (rows, starts, stops, terms), lexicons)
    begins = offsets[rows]
    matches = Matches(rows, starts - begins, stops - begins, terms, rules)
    return words, marked, tuple(cells.T), matches


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
def _count_rows(data: Any, offsets: Any, roots: Any, tables: Any, out: Any) -> Any:
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

"""Mentions of demographic groups in documents, counted over Arrow buffers."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers
from isinglass.transforms.demographics.composed import before_composition
from isinglass.transforms.demographics.kernel import count_rows
from isinglass.transforms.demographics.matcher import Matcher, compile_matcher
from isinglass.transforms.demographics.measured import lexicon_places
from isinglass.transforms.demographics.senses import judge_matches
from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import Lexicons


class Matches(NamedTuple):
    """Places where an ambiguous term stands, judged.

    Attributes:
        rows: Of the document.
        starts: First code point, in the text of the row.
        stops: One past the last code point.
        terms: Places in `Lexicons.terms`.
        rules: By which rule it means the group there, a place in `senses.RULES`; 0 if
            it does not.
        vetoed: Row and place in `Lexicons.vetoes` of each phrase that was met, (v, 2);
            longer than a term that it holds, it keeps it from being a match at all.
    """

    rows: Integers
    starts: Integers
    stops: Integers
    terms: Integers
    rules: NDArray[np.uint8]
    vetoed: Integers


@dataclass(frozen=True)
class MentionCounts:
    """Mentions in n documents, of each group that a document mentions.

    Attributes:
        starts: int64 (n + 1,), where the groups of each document begin.
        groups: uint16 (m,), columns of `Lexicons.groups`, ascending in a document.
        counts: int32 (m,), accepted mentions, 1 or more.
        firm: int32 (m,), those of them by reviewed terms that are not ambiguous, or
            are in `Lexicons.measured`.
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
        The counts, and all matches of terms that are judged, in their order.

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
        own_matches = _as_written(rows, own_matches)
        found = _replaced(matches[:-1], own_matches[:-1], marked, places)
        order = np.argsort(found[0], kind="stable")
        old, new = tuple(matches.vetoed.T), tuple(own_matches.vetoed.T)
        vetoed = np.stack(_replaced(old, new, marked, places), axis=1)
        row, start, stop, term, rule = (column[order] for column in found)
        matches = Matches(row, start, stop, term, rule, vetoed)
    return _counted(cells, matches, (roots >= 0, words), lexicons), matches


def _as_written(texts: Sequence[str], matches: Matches) -> Matches:
    """Matches in composed texts as matches in the texts themselves."""
    starts, stops = matches.starts.copy(), matches.stops.copy()
    rows, first = np.unique(matches.rows, return_index=True)
    bounds = pairwise([*first.tolist(), len(starts)])
    for row, (low, high) in zip(rows.tolist(), bounds, strict=True):
        own = slice(low, high)
        starts[own], stops[own] = before_composition(
            texts[row], starts[own], stops[own]
        )
    return matches._replace(starts=starts, stops=stops)


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
    roots = [matcher.roots[one.language] for one in lexicons.all]
    places = lexicon_places(languages, lexicons)
    return np.asarray(np.array([*roots, -1], np.int32)[places])


def _count(
    texts: pa.StringArray, roots: NDArray[np.int32], lexicons: Lexicons
) -> tuple[Integers, Flags, tuple[Any, ...], Matches]:
    """Words, whether marks were met, cells (row, group, count, firm), and matches."""
    data, offsets = string_buffers(texts)
    tables = compile_matcher(lexicons).tables
    words = np.zeros(len(texts), np.int64)
    marked = np.zeros(len(texts), np.bool_)
    width = len(lexicons.groups)
    cells, found = count_rows(data, offsets, roots, tables, (words, marked, width))
    vetoes = found[:, 3] >= len(lexicons.terms)
    vetoed = found[vetoes][:, [0, 3]] - (0, len(lexicons.terms))
    rows, starts, stops, terms = found[~vetoes].T
    rules = judge_matches(data, offsets, (rows, starts, stops, terms), lexicons)
    places = _code_points(data, offsets[rows], starts, stops)
    matches = Matches(rows, *places, terms, rules, vetoed)
    return words, marked, tuple(cells.T), matches


def _code_points(
    data: NDArray[np.uint8], begins: Integers, starts: Integers, stops: Integers
) -> tuple[Integers, Integers]:
    """Places in texts that begin at `begins`, from the bytes where they are.

    They are sorted by where they start.
    """
    view = data.data
    found = np.empty((2, len(starts)), np.int64)
    # A text is read on from the place before, not from its begin each time.
    text, position, count = -1, 0, 0
    columns = zip(begins.tolist(), starts.tolist(), stops.tolist(), strict=True)
    for index, (begin, start, stop) in enumerate(columns):
        if begin != text:
            text, position, count = begin, begin, 0
        count += len(str(view[position:start], "utf-8"))
        position = start
        found[:, index] = count, count + len(str(view[start:stop], "utf-8"))
    return found[0], found[1]

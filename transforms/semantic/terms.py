"""Words that tell a cluster from the rest.

A word is scored by how much more often documents of the cluster hold it than those of
all other clusters: the log-odds ratio of the two shares over its standard error
(Monroe, Colaresi and Quinn, Fightin' Words, Political Analysis 16 (2008), section
3.5.1, with the half of Haldane and Anscombe for a prior). Words that every document has
score near 0, so that no list of stop words is needed. Documents are counted, not
occurrences: one long document cannot name a cluster. Class-based tf-idf (Grootendorst,
BERTopic, arXiv 2203.05794) puts such words first where clusters are few.

Terms are shown in a report that others may read. So they come from cleaned texts, are
single words of letters, and stand in at least `LEAST_IN_CLUSTER` documents of the
cluster and `LEAST_IN_ALL` of all. A name that ten documents share can still become one.

A word is a run of three to forty letters, in lower case. Chinese and Japanese, which
put no spaces between words, give every pair of neighbouring characters instead. Thai,
Lao, Khmer and Burmese are left out: runs are sentences, and pairs mean nothing there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.transforms.semantic.hashing import hash_ids, id_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

DOCUMENTS = 50_000
"""Documents that terms are taken from in all: they bound the words in memory."""

EACH = 500
"""Most documents of one cluster."""

CHARACTERS = 10_000
"""Characters at the start of a document that are read."""

LEAST_IN_CLUSTER, LEAST_IN_ALL = 5, 10

_PLACEHOLDER = r"<[A-Z][A-Z0-9_]*(?::[^<>]{0,60})?>"
_NO_LETTERS = r"[^\p{L}\p{M}]+"
_PAIRED = r"[\p{Han}\p{Hiragana}\p{Katakana}\x{30FC}]"
_UNSPACED = r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_SHORTEST, _LONGEST = 3, 40
_PENDING = 4_000_000


@dataclass(frozen=True)
class Term:
    """A word of a cluster.

    Attributes:
        word: In lower case.
        documents: Sampled documents of the cluster that hold it.
        score: Its log-odds ratio in standard errors; higher is more telling.
    """

    word: str
    documents: int
    score: float


@dataclass
class Counted:
    """Accumulator of `TermFold`.

    Attributes:
        tables: Columns cluster, word, documents.
        rows: Rows in all tables.
        documents: int64 (k,), documents of each cluster.
    """

    documents: NDArray[np.int64]
    tables: list[pa.Table] = field(default_factory=list)
    rows: int = 0


@dataclass
class Cutoffs:
    """Accumulator: smallest hashes of each cluster, sorted by cluster and hash."""

    clusters: NDArray[np.int32]
    hashes: NDArray[np.uint64]


@dataclass(frozen=True)
class ChoiceFold:
    """Which documents of each cluster feed its terms: those of the smallest hashes.

    Attributes:
        each: Documents of a cluster; `documents_each` gives it.
        seed: Key of the hash.
    """

    each: int
    seed: int

    def create(self) -> Cutoffs:
        """Return the accumulator of no documents."""
        return Cutoffs(np.empty(0, np.int32), np.empty(0, np.uint64))

    def add(
        self, cutoffs: Cutoffs, doc_ids: pa.StringArray, clusters: NDArray[np.int32]
    ) -> Cutoffs:
        """Return the accumulator with a batch added."""
        hashes = hash_ids(id_bytes(doc_ids), self.seed)
        return self.merge(cutoffs, Cutoffs(clusters, hashes))

    def merge(self, first: Cutoffs, second: Cutoffs) -> Cutoffs:
        """Return the accumulator of both."""
        clusters = np.concatenate((first.clusters, second.clusters))
        hashes = np.concatenate((first.hashes, second.hashes))
        order = np.lexsort((hashes, clusters))
        clusters, hashes = clusters[order], hashes[order]
        starts = np.flatnonzero(np.diff(clusters, prepend=-1))
        sizes = np.diff(np.append(starts, len(clusters)))
        within = np.arange(len(clusters)) - np.repeat(starts, sizes)
        return Cutoffs(clusters[within < self.each], hashes[within < self.each])

    def chosen(
        self, cutoffs: Cutoffs, doc_ids: pa.StringArray, clusters: NDArray[np.int32]
    ) -> NDArray[np.bool_]:
        """Which documents of a batch are chosen, when all batches were added."""
        last = np.flatnonzero(np.diff(cutoffs.clusters, append=-1))
        limits = np.zeros(int(clusters.max(initial=-1)) + 1, np.uint64)
        known = last[cutoffs.clusters[last] < len(limits)]
        limits[cutoffs.clusters[known]] = cutoffs.hashes[known]
        hashes = hash_ids(id_bytes(doc_ids), self.seed)
        return hashes <= limits[clusters]


def documents_each(clusters: int) -> int:
    """Documents of a cluster that feed its terms, for so many clusters."""
    return min(EACH, max(DOCUMENTS // max(clusters, 1), 2 * LEAST_IN_CLUSTER))


@dataclass(frozen=True)
class TermFold:
    """Counts documents a word and cluster; order and grouping do not matter.

    Attributes:
        clusters: How many there are.
    """

    clusters: int

    def create(self) -> Counted:
        """Return the accumulator of no documents."""
        return Counted(np.zeros(self.clusters, np.int64))

    def add(
        self, counted: Counted, texts: pa.StringArray, clusters: NDArray[np.int32]
    ) -> Counted:
        """Add a batch of cleaned texts; changes and returns `counted`."""
        counted.documents += np.bincount(clusters, minlength=self.clusters)
        table = _count(texts, clusters)
        counted.tables.append(table)
        counted.rows += len(table)
        return _shrink(counted) if counted.rows > _PENDING else counted

    def merge(self, first: Counted, second: Counted) -> Counted:
        """Return the accumulator of both; changes neither."""
        merged = Counted(
            first.documents + second.documents,
            [*first.tables, *second.tables],
            first.rows + second.rows,
        )
        return _shrink(merged) if merged.rows > _PENDING else merged

    def finish(self, counted: Counted, most: int = 10) -> list[list[Term]]:
        """Return at most `most` terms of each cluster, the most telling first."""
        result: list[list[Term]] = [[] for _ in range(self.clusters)]
        if not counted.tables:
            return result
        table = _score(_sum(counted.tables), counted.documents)
        clusters = table["cluster"].to_numpy()
        starts = np.searchsorted(clusters, np.arange(self.clusters))
        places = np.arange(len(clusters)) - starts[clusters]
        best = table.filter(pa.array(places < most))
        for row in best.to_pylist():
            term = Term(row["word"], row["documents"], round(row["score"], 6))
            result[row["cluster"]].append(term)
        return result


def _count(texts: pa.StringArray, clusters: NDArray[np.int32]) -> pa.Table:
    """Documents of each pair of cluster and word in a batch."""
    read = pc.utf8_slice_codeunits(texts, 0, CHARACTERS)
    plain = pc.replace_substring_regex(read, _PLACEHOLDER, " ")
    paired = _pair_characters(pc.utf8_lower(plain))
    runs = pc.split_pattern_regex(paired, _NO_LETTERS)
    documents = pc.list_parent_indices(runs).to_numpy(zero_copy_only=False)
    coded = pc.list_flatten(runs).dictionary_encode()
    words = coded.dictionary
    good = _are_words(words).to_numpy(zero_copy_only=False)
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    keep = good[codes] if len(codes) else np.empty(0, np.bool_)
    width = max(len(words), 1)
    pairs = np.unique(documents[keep].astype(np.int64) * width + codes[keep])
    keys = clusters[pairs // width].astype(np.int64) * width + pairs % width
    distinct, counts = np.unique(keys, return_counts=True)
    return pa.table(
        {
            "cluster": pa.array((distinct // width).astype(np.int32)),
            "word": words.take(pa.array(distinct % width)),
            "documents": pa.array(counts.astype(np.int64)),
        }
    )


def _pair_characters(texts: pa.StringArray) -> pa.StringArray:
    """Runs of Chinese and Japanese as pairs of characters, each pair with spaces.

    Pairs from the first character of a run on come first, then the whole text again
    with pairs from the second one on: what is twice in a document counts once.
    """
    has = pc.match_substring_regex(texts, _PAIRED)
    if not pc.any(has).as_py():
        return texts
    some = pc.replace_substring_regex(texts.filter(has), f"({_PAIRED}+)", r" \1 ")
    from_second = pc.replace_substring_regex(some, f" {_PAIRED}", " ")
    both = pc.binary_join_element_wise(some, from_second, " ")
    pairs = pc.replace_substring_regex(both, f"({_PAIRED}{{2}})", r"\1 ")
    return pc.replace_with_mask(texts, has, pairs)


def _are_words(words: pa.StringArray) -> pa.BooleanArray:
    """Which runs of letters may become terms."""
    lengths = pc.utf8_length(words)
    long_enough = pc.and_(
        pc.greater_equal(lengths, _SHORTEST), pc.less_equal(lengths, _LONGEST)
    )
    spaced = pc.invert(pc.match_substring_regex(words, f"{_PAIRED}|{_UNSPACED}"))
    pair = pc.match_substring_regex(words, f"^{_PAIRED}{{2}}$")
    return pc.or_(pc.and_(long_enough, spaced), pair)


def _sum(tables: list[pa.Table]) -> pa.Table:
    """Equal pairs of cluster and word brought together."""
    grouped = pa.concat_tables(tables).group_by(["cluster", "word"], use_threads=False)
    summed = grouped.aggregate([("documents", "sum")])
    return summed.rename_columns({"documents_sum": "documents"})


def _shrink(counted: Counted) -> Counted:
    table = _sum(counted.tables)
    counted.tables[:] = [table]
    counted.rows = len(table)
    return counted


def _score(table: pa.Table, documents: NDArray[np.int64]) -> pa.Table:
    """Pairs that may be shown, sorted by cluster, falling score and word."""
    coded = table["word"].combine_chunks().dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    inside = table["documents"].to_numpy()
    clusters = table["cluster"].to_numpy()
    everywhere = np.zeros(len(coded.dictionary), np.int64)
    np.add.at(everywhere, codes, inside)
    outside = everywhere[codes] - inside
    without = documents[clusters] - inside
    others = documents.sum() - documents[clusters] - outside
    counts = np.stack((inside, without, outside, others)) + 0.5
    odds = np.log(counts[0] / counts[1]) - np.log(counts[2] / counts[3])
    score = np.round(odds / np.sqrt((1 / counts).sum(axis=0)), 6)
    shown = (inside >= LEAST_IN_CLUSTER) & (everywhere[codes] >= LEAST_IN_ALL)
    shown &= score > 0
    table = table.append_column("score", pa.array(score)).filter(pa.array(shown))
    return table.sort_by(
        [("cluster", "ascending"), ("score", "descending"), ("word", "ascending")]
    )

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

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
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
WORDS = pa.schema(
    [
        pa.field("cluster", pa.int32()),
        pa.field("word", pa.string()),
        pa.field("documents", pa.int64()),
    ]
)
"""Documents of each cluster that hold a word."""


def documents_each(clusters: int) -> int:
    """Most documents of a cluster that feed its terms, for so many clusters."""
    return min(EACH, max(DOCUMENTS // max(clusters, 1), 2 * LEAST_IN_CLUSTER))


def add_words(tables: list[pa.Table], table: pa.Table) -> list[pa.Table]:
    """The tables with one more, in one where they have grown large."""
    tables = [*tables, table]
    return [sum_words(tables)] if sum(map(len, tables)) > _PENDING else tables


def sum_words(tables: list[pa.Table]) -> pa.Table:
    """Equal pairs of cluster and word of at least one table brought together."""
    grouped = pa.concat_tables(tables).group_by(["cluster", "word"], use_threads=False)
    return grouped.aggregate([("documents", "sum")]).rename_columns(WORDS.names)


def count_words(texts: pa.StringArray, clusters: NDArray[np.int32]) -> pa.Table:
    """Count the words of a batch of cleaned texts; a table with the schema `WORDS`."""
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
        },
        schema=WORDS,
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


def telling_words(table: pa.Table, documents: NDArray[np.int64], most: int) -> pa.Table:
    """The words of each cluster that tell it from the others.

    The table is from `sum_words`; `documents` (k,) are those of each cluster that words
    were taken from. Returns `WORDS` and the score, to 6 decimals, sorted by cluster,
    falling score and word.
    """
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
    table = table.sort_by(
        [("cluster", "ascending"), ("score", "descending"), ("word", "ascending")]
    )
    ranked = table["cluster"].to_numpy()
    places = np.arange(len(ranked)) - np.searchsorted(ranked, ranked)
    return table.filter(pa.array(places < most))

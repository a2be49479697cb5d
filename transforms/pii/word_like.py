"""Names that are written like words: findings held against the texts they stand in.

What is no name shows it by how it is used. Three signs, each of one finding:

- `small`: its words also stand in small letters in its own text, or it has no capital
  itself and no `@` before it, as the name of a user has. What stands in an address or a
  piece of code does not count, nor do initials.
- `article`: "the", "a" or "this" stands before it.
- `label`: it is one word alone on its line or in its cell, or a number stands behind
  it; and its words stand in small letters in other texts, in at least a tenth as many
  as it was found in. So "Requirements" in headings, and "Law" in "D.C. Law 2-140".

Names of people show each of them now and then ("the Smith family", Mark and Will), but
not in most places. Texts that write everything in small letters show nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SIGNS = ("small", "article", "label")

_EDGES = " .,;:!?\"'`*_()[]{}<>\u2018\u2019\u201c\u201d\u00ab\u00bb\u2026\u2013\u2014"
"""What may stand next to a word and is none of it."""

_LEAST_LETTERS = 3
"""Shorter words are initials, abbreviations or particles."""

_LEAST_CAPITALS = 0.03
"""Share of the words of a text that begin with a capital and go on small. It is 0 in
film reviews and chats in small letters, and 0.04 or more in documentation and prose."""

_CAPITALISED = r"(?:^|\P{L})\p{Lu}\p{Ll}"
_LEAST_ELSEWHERE = 0.1
"""Texts that hold the words in small letters, for each text with such a finding."""

_NEAR = 40
"""Code points that are looked at on each side."""

_ARTICLE = re.compile(r"\b(?:the|an?|this|these|those|each|every)\s+$", re.IGNORECASE)
_LINE_BEFORE = re.compile(r"(?:^|[\n|\t>])[\s#=*_`\"'+\u2022.()\d-]*$")
_LINE_BEHIND = re.compile(r"[\s#=*_`\"':.]*(?:$|[\n|\t<])")
_NUMBER = re.compile(r"\s?(?:No\.\s?)?[\u00a7#]?(?!(?:1[5-9]|20)\d\d\b)\d")
"""A number, but no year: those stand behind names as well."""


class Mention(NamedTuple):
    """A finding: the row of its text, its value key, and where in which text it is."""

    row: int
    value_key: str
    text: str
    start: int
    end: int


def signs_of(
    mentions: Sequence[Mention], clean: pa.StringArray
) -> dict[str, tuple[int, int, int]]:
    """How many findings of each value show a sign, the first one of `SIGNS` counting.

    Args:
        mentions: Findings; `row` is an index into `clean`.
        clean: Texts in which the values no longer stand, none null.

    Returns:
        Counts in the order of `SIGNS` by value key, for values that show any.
    """
    if not mentions:
        return {}
    parts = [_capitalised(m.text[m.start : m.end]) for m in mentions]
    usage = _Usage.of(clean, sorted({part for own in parts for part in own}))
    texts = Counter(key for _, key in {(m.row, m.value_key) for m in mentions})
    counts: dict[str, list[int]] = {}
    for mention, own in zip(mentions, parts, strict=True):
        if not usage.cased[mention.row]:
            continue
        least = _LEAST_ELSEWHERE * texts[mention.value_key]
        shown = (
            _is_small(mention, own, usage),
            bool(_ARTICLE.search(_before(mention))),
            _is_label(mention) and usage.elsewhere(own) >= least,
        )
        if any(shown):
            sums = counts.setdefault(mention.value_key, [0] * len(SIGNS))
            sums[shown.index(True)] += 1
    return {key: (one, two, three) for key, (one, two, three) in counts.items()}


def _capitalised(value: str) -> list[str]:
    """The words of a value that are written with a capital, in small letters."""
    words = (word.strip(_EDGES) for word in value.split())
    return [
        word.lower()
        for word in words
        if word != word.lower() and sum(map(str.isalpha, word)) >= _LEAST_LETTERS
    ]


def _is_small(mention: Mention, own: list[str], usage: _Usage) -> bool:
    if own:
        return usage.stands(mention.row, own)
    value = mention.text[mention.start : mention.end]
    return value.islower() and not _before(mention).endswith("@")


def _is_label(mention: Mention) -> bool:
    behind = mention.text[mention.end : mention.end + _NEAR]
    if _NUMBER.match(behind):
        return True
    one_word = len(mention.text[mention.start : mention.end].split()) == 1
    alone = _LINE_BEFORE.search(_before(mention)) and _LINE_BEHIND.match(behind)
    return one_word and bool(alone)


def _before(mention: Mention) -> str:
    return mention.text[max(0, mention.start - _NEAR) : mention.start]


@dataclass(frozen=True)
class _Usage:
    """Where some words stand in small letters.

    Attributes:
        cased: bool (n,), which texts write words with capitals.
        numbers: Number of each word that was asked for.
        texts: int64 (words,), texts that hold each.
        places: Row and number of the word, as one integer each.
    """

    cased: NDArray[np.bool_]
    numbers: dict[str, int]
    texts: NDArray[np.int64]
    places: set[int] = field(repr=False)

    @classmethod
    def of(cls, clean: pa.StringArray, words: list[str]) -> _Usage:
        """Look for words between blanks and punctuation, in texts that use capitals."""
        lists = pc.utf8_split_whitespace(clean)
        capitals = pc.count_substring_regex(clean, _CAPITALISED).to_numpy()
        total = pc.list_value_length(lists).to_numpy()
        cased = (capitals >= _LEAST_CAPITALS * total) & (capitals > 0)
        asked = pa.array(words, pa.string())
        tokens = pc.utf8_trim(pc.list_flatten(lists), _EDGES)
        which = pc.index_in(tokens, value_set=asked)
        found = pc.is_valid(which)
        rows = pc.list_parent_indices(lists).filter(found).to_numpy()
        places = rows.astype(np.int64) * len(words) + which.filter(found).to_numpy()
        places = np.unique(places[cased[rows]])
        count = max(len(words), 1)
        texts = np.bincount(places % count, minlength=count)
        numbers = {word: number for number, word in enumerate(words)}
        return cls(cased, numbers, texts, set(places.tolist()))

    def stands(self, row: int, words: list[str]) -> bool:
        """Whether a text holds all of some words in small letters."""
        first = row * len(self.numbers)
        return all(first + self.numbers[word] in self.places for word in words)

    def elsewhere(self, words: list[str]) -> int:
        """Texts that hold the rarest of some words in small letters; -1 for none."""
        return min((int(self.texts[self.numbers[word]]) for word in words), default=-1)

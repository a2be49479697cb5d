"""Words that stand in sentences with one group rather than with others of its axis.

Of sentences with a group, p(w, g) is the share of all sentences that hold both it and a
word. Normalised pointwise mutual information (Bouma 2009) is

    nPMI(w, g) = ln(p(w, g) / (p(w) p(g))) / -ln p(w, g)

and its gap is that of the group less that of all other groups of the axis (Aka et al.
2021, section 3). Raw counts stand beside it, with the ratio of the rates at which the
word is in sentences of either, and its interval (Katz et al. 1978): the words whose
interval lies furthest above 1 lean most to the group, if it is no chance. A sentence
that speaks of the group and of others counts for neither. Sentences are held against
others in their language, so that a group of which one language speaks more often does
not lean to all of its words. What words say of groups is
not said: a word may be a name, a topic or praise. Words that praise or blame whatever
they are said of are counted apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import log
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from numpy.typing import NDArray

from isinglass.schemas.demographics import (
    GroupPolarity,
    GroupsTogether,
    WordAssociation,
)
from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.measured import lexicon_places
from isinglass.transforms.demographics.shares import together
from isinglass.transforms.language import (
    UNDETERMINED,
    UNSPACED_LANGUAGES,
    primary_language,
)
from isinglass.transforms.statistics.intervals import FEW, NORMAL_QUANTILE, share_ratio

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import Lexicons

CHARACTERS = 4_000
"""Characters at the start of a document that are read."""

LEAST_TOGETHER, LEAST_DOCUMENTS = 5, 10
"""Sentences that hold a word and a group, and documents that hold the word in all:
rarer ones are noise, and may be names of people."""

LEAST_DEVIATIONS = 3.29
"""Standard errors that a rate must lie above the other (p < .001, on two sides): of
thousands of words that are compared, some lie two above by chance."""

_SENTENCES = r"[.!?]+[\s\"')\]]+|[\r\n]+"
_PLACEHOLDER = r"<[A-Z][A-Z0-9_]*(?::[^<>]{0,60})?>"
_NO_LETTERS = r"[^\p{L}\p{M}]+"
_SHORTEST, _LONGEST = 3, 40


def _deviations(ratio: tuple[float, float, float]) -> float:
    """By how many standard errors a ratio is above 1, on the scale of its logarithm."""
    value, low, high = ratio
    error = (log(high) - log(low)) / (2 * NORMAL_QUANTILE)
    return log(value) / error if error else 0.0


class Associations(NamedTuple):
    """What stands in sentences with each group."""

    words: list[WordAssociation]
    polarity: list[GroupPolarity]
    together: list[GroupsTogether]


def sampled_in(
    languages: pa.StringArray, lexicons: Lexicons
) -> tuple[dict[str, int], dict[str, int]]:
    """Documents by language: those that `associations` compares, and the others."""
    counts = Counter(languages.to_pylist())
    told: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for tag, number in counts.items():
        code = primary_language(tag or "") or UNDETERMINED
        lexicon = lexicons.find(code)
        measured = lexicon is not None and code not in UNSPACED_LANGUAGES
        (told if measured else others)[code] += number
    return dict(sorted(told.items())), dict(sorted(others.items()))


def associations(
    texts: pa.StringArray, languages: pa.StringArray, lexicons: Lexicons, most: int
) -> Associations:
    """The words that lean most to each group, at most `most` a group, and polarity.

    Languages without blanks between words are left out, and those without a list of
    words of praise and blame have no polarity.
    """
    read = pc.utf8_slice_codeunits(texts, 0, CHARACTERS)
    tags = [tag for tag in pc.unique(languages).to_pylist() if tag]
    spaced = [t for t in tags if primary_language(t) not in UNSPACED_LANGUAGES]
    chosen = pc.is_in(languages, value_set=pa.array(spaced, pa.string()))
    read, languages = read.filter(chosen), languages.filter(chosen)
    split = pc.split_pattern_regex(read, _SENTENCES)
    documents = pc.list_parent_indices(split).to_numpy(zero_copy_only=False)
    sentences = pc.list_flatten(split).cast(pa.string())
    own = languages.take(pa.array(documents))
    mentions, _ = count_mentions(sentences, own, lexicons)
    places = lexicon_places(own, lexicons)
    beside = {
        place: _Beside.of(sentences, documents, places == place, lexicons)
        for place in np.unique(places[mentions.rows]).tolist()
    }
    signs = _signs(sentences, own)
    found = Associations([], [], together(mentions, documents, lexicons.groups))
    for axis in sorted({axis for axis, _ in lexicons.groups}):
        columns = [i for i, (other, _) in enumerate(lexicons.groups) if other == axis]
        held = mentions.dense(columns) > 0
        single = held.sum(axis=1) == 1
        for index, column in enumerate(columns):
            group = lexicons.groups[column]
            with_group, others = held[:, index] & single, single & ~held[:, index]
            leaning = [
                word
                for place, words in beside.items()
                for word in words.leaning(
                    (lexicons.all[place].language, *group),
                    (with_group & (places == place), others & (places == place)),
                )
            ]
            leaning.sort(key=lambda word: (-word.low, word.word, word.language))
            found.words.extend(leaning[:most])
            found.polarity.extend(_polarity(group, with_group, signs))
    return found


def _signs(
    sentences: pa.StringArray, languages: pa.StringArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Words of praise and of blame of each sentence; -1 without a list."""
    positive = np.full(len(sentences), -1, np.int64)
    negative = positive.copy()
    for language, (praise, blame) in _polarity_lists().items():
        tags = [t for t in pc.unique(languages).to_pylist() if t]
        own = [tag for tag in tags if primary_language(tag) == language]
        rows = np.flatnonzero(
            pc.is_in(languages, value_set=pa.array(own, pa.string())).to_numpy(
                zero_copy_only=False
            )
        )
        some = pc.utf8_lower(sentences.take(pa.array(rows)))
        for words, counts in ((praise, positive), (blame, negative)):
            pattern = rf"\b(?:{'|'.join(words)})\b"
            counts[rows] = pc.count_substring_regex(some, pattern).to_numpy()
    return positive, negative


@cache
def _polarity_lists() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    folder = files("isinglass.transforms") / "resources" / "polarity"
    found = {}
    for one in folder.iterdir():
        if one.name.endswith(".yaml"):
            read: Any = yaml.load(one.read_bytes(), yaml.CSafeLoader)
            found[read["language"]] = (tuple(read["positive"]), tuple(read["negative"]))
    return found


def _polarity(
    group: tuple[str, str],
    with_group: NDArray[np.bool_],
    signs: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> Iterator[GroupPolarity]:
    told = with_group & (signs[0] >= 0)
    if told.any():
        positive, negative = (int(sign[told].sum()) for sign in signs)
        yield GroupPolarity(
            axis=group[0],
            group=group[1],
            sentences=int(told.sum()),
            positive=positive,
            negative=negative,
        )


@dataclass(frozen=True)
class _Beside:
    """Words of the sentences of one language, each once a sentence.

    Attributes:
        words: Words that may be told of, (v,).
        rows: Sentence of each pair, (p,).
        codes: Word of each pair, (p,).
        sentences: How many there are.
    """

    words: Sequence[str]
    rows: NDArray[np.int64]
    codes: NDArray[np.int64]
    sentences: int

    @classmethod
    def of(
        cls,
        sentences: pa.StringArray,
        documents: NDArray[Any],
        chosen: NDArray[np.bool_],
        lexicons: Lexicons,
    ) -> _Beside:
        own = np.flatnonzero(chosen)
        sentences = sentences.take(pa.array(own))
        plain = pc.replace_substring_regex(sentences, _PLACEHOLDER, " ")
        runs = pc.split_pattern_regex(pc.utf8_lower(plain), _NO_LETTERS)
        rows = own[pc.list_parent_indices(runs).to_numpy(zero_copy_only=False)]
        coded = pc.list_flatten(runs).dictionary_encode()
        words = coded.dictionary.to_pylist()
        forms = {form.lower() for _, _, t in lexicons.terms for form in t.written}
        terms = {word for form in forms for word in re.split(r"[\s'-]", form)}
        good = np.array(
            [_SHORTEST <= len(w) <= _LONGEST and w not in terms for w in words],
            np.bool_,
        )
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        inside = good[codes] if len(codes) else np.empty(0, np.bool_)
        width = max(len(words), 1)
        pairs = np.unique(rows[inside].astype(np.int64) * width + codes[inside])
        rows, codes = pairs // width, pairs % width
        # Words of few documents are left out.
        in_documents = np.unique(documents[rows].astype(np.int64) * width + codes)
        often = np.bincount(in_documents % width, minlength=width) >= LEAST_DOCUMENTS
        kept = often[codes]
        return cls(words, rows[kept], codes[kept], len(own))

    def _held(self, some: NDArray[np.bool_]) -> NDArray[np.int64]:
        """In how many of some sentences each word stands."""
        return np.bincount(self.codes[some[self.rows]], minlength=len(self.words))

    def leaning(
        self,
        told: tuple[str, str, str],
        sides: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    ) -> Iterator[WordAssociation]:
        """Words that are more often with the group than with the others, surely.

        `told` are language, axis and group.
        """
        totals = [int(side.sum()) for side in sides]
        if min(totals) < FEW:
            return
        with_group, with_others = map(self._held, sides)
        everywhere = np.bincount(self.codes, minlength=len(self.words))
        for code in np.flatnonzero(with_group >= LEAST_TOGETHER).tolist():
            together, elsewhere = int(with_group[code]), int(with_others[code])
            # A half more on both sides where the others have none (Haldane 1956).
            counts = share_ratio((together, totals[0]), (max(elsewhere, 1), totals[1]))
            if counts is None or _deviations(counts) < LEAST_DEVIATIONS:
                continue
            gap = self._npmi(together, everywhere[code], totals[0]) - self._npmi(
                elsewhere, everywhere[code], totals[1]
            )
            yield WordAssociation(
                language=told[0],
                axis=told[1],
                group=told[2],
                word=self.words[code],
                together=together,
                group_sentences=totals[0],
                elsewhere=elsewhere,
                other_sentences=totals[1],
                ratio=counts[0],
                low=counts[1],
                high=counts[2],
                gap=gap,
            )

    def _npmi(self, joint: int, word: int, group: int) -> float:
        """-1 where a word and a group never meet."""
        if not joint:
            return -1.0
        together = joint / self.sentences
        if together == 1.0:
            return 1.0
        return log(together / (word / self.sentences * group / self.sentences)) / -log(
            together
        )

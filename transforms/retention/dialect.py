"""Documents that read as African-American English, for counts over a whole corpus.

The model is that of Blodgett, Green and O'Connor (2016, EMNLP): counts of terms in four
topics of tweets, of which its authors validated `aae` and `white`. It says something of
many texts together and nothing that holds of one, nor of who wrote it.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.compiled import njit
from isinglass.transforms.language import primary_language

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.schemas.arrays import Floats

GROUP = ("dialect", "aae")
FLAGGED_SHARE = 0.8
"""Share of a document's words that the model must give to the topic."""

_TOPICS = ["aae", "hispanic", "other", "white"]
_AAE = _TOPICS.index("aae")
_LEAST_KNOWN = 0.2
"""Share of a document's words that the model must know; below, it says nothing."""

_PASSES = 5
"""Rounds of inference and its prior, as its authors have them."""
_PRIOR = 1.0

_PUNCTUATION = r"([^\pL\pM\pN_'\x{2019}#@\s]+)"
"""What is a word by itself: `...`, `:)`, an emoji."""


@dataclass(frozen=True)
class DialectModel:
    """A model of dialects.

    Attributes:
        terms: The v terms, as texts are written in small letters.
        likelihoods: float64 (v, 4), of each term in each topic.
        sha256: Of its file.
    """

    terms: pa.StringArray = field(repr=False)
    likelihoods: Floats = field(repr=False)
    sha256: str

    @cached_property
    def _known(self) -> pc.SetLookupOptions:
        return pc.SetLookupOptions(self.terms)

    def flags(self, texts: pa.StringArray, languages: pa.StringArray) -> pa.Array:
        """Whether each text reads as the dialect: a proportion of 0.8 or more.

        Null where it cannot be told: the text is not in English, or the model knows
        less than a fifth of its words.
        """
        tags = languages.dictionary_encode()
        english = [
            primary_language(t or "") == "en" for t in tags.dictionary.to_pylist()
        ]
        chosen = pa.array(english, pa.bool_()).take(tags.indices)
        chosen = pc.fill_null(chosen, fill_value=False)
        shares = self.proportions(texts.filter(chosen))
        flags = pa.array(shares >= FLAGGED_SHARE, mask=np.isnan(shares))
        return pc.replace_with_mask(pa.nulls(len(texts), pa.bool_()), chosen, flags)

    def proportions(self, texts: pa.StringArray) -> Floats:
        """Share of each text's words that are of the dialect, (n,); NaN if unknown."""
        spaced = pc.replace_substring_regex(pc.utf8_lower(texts), _PUNCTUATION, r" \1 ")
        words = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(spaced))
        flat = words.flatten()
        found = pc.fill_null(pc.call_function("index_in", [flat], self._known), -1)
        offsets = words.offsets.to_numpy().astype(np.int64)
        terms = found.to_numpy(zero_copy_only=False).astype(np.int64)
        shares = np.full(len(texts), np.nan)
        _infer(terms, offsets - offsets[:1], self.likelihoods, shares)
        return shares


def load_dialect(path: Path) -> DialectModel:
    """Read a model: gzip, tabs between term and counts of `aae hispanic other white`.

    Raises:
        ConfigError: The file cannot be read, or is not such a table.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise _refused(path, f"cannot be read ({why})") from None
    try:
        lines = gzip.decompress(content).decode().splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise _refused(path, "is not text compressed by gzip") from None
    head, *rows = [line.split("\t") for line in lines] or [[]]
    if head != ["term", *_TOPICS]:
        raise _refused(path, f"has no first line `term {' '.join(_TOPICS)}`")
    if not rows or {len(row) for row in rows} != {len(head)}:
        raise _refused(path, "has a line that is not a term and four numbers")
    try:
        counts = np.array([row[1:] for row in rows], np.float64)
    except ValueError:
        raise _refused(path, "has a count that is no number") from None
    if not np.isfinite(counts).all() or (counts < 0).any() or not counts.any(0).all():
        raise _refused(path, "has counts below 0 or without an end, or none of a topic")
    terms = [row[0] for row in rows]
    if len(set(terms)) < len(terms):
        raise _refused(path, "has a term twice")
    likelihoods = (counts + 1.0) / counts.sum(axis=0)
    sha256 = hashlib.sha256(content).hexdigest()
    return DialectModel(pa.array(terms, pa.string()), likelihoods, sha256)


def _refused(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"retention.dialect: {path} {why}. Name the file twitteraae_model.tsv.gz, or "
        "leave the key out."
    )


@njit(nogil=True)
def _infer(terms: Any, offsets: Any, likelihoods: Any, shares: Any) -> None:
    """Proportion of the dialect in each document, by collapsed variational Bayes.

    Terms below 0 are words that the model does not know.
    """
    for row in range(offsets.size - 1):
        words = terms[offsets[row] : offsets[row + 1]]
        known = words[words >= 0]
        if known.size == 0 or known.size < _LEAST_KNOWN * words.size:
            continue
        shares[row] = _proportion(likelihoods, known)


@njit(nogil=True)
def _proportion(likelihoods: Any, known: Any) -> Any:
    topics = likelihoods.shape[1]
    likely = np.empty((known.size, topics))
    sums = np.zeros(topics)
    for place in range(known.size):
        row = likelihoods[known[place]]
        total = row.sum()
        for topic in range(topics):
            likely[place, topic] = row[topic] / total
            sums[topic] += likely[place, topic]
    now = likely.copy()
    for _ in range(1, _PASSES):
        for place in range(known.size):
            total = 0.0
            for topic in range(topics):
                sums[topic] -= now[place, topic]
                now[place, topic] = likely[place, topic] * (sums[topic] + _PRIOR)
                total += now[place, topic]
            for topic in range(topics):
                now[place, topic] /= total
                sums[topic] += now[place, topic]
    return sums[_AAE] / sums.sum()

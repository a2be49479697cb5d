"""Lemmas that a word may have, whatever its tag: what can be ruled out without one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import spacy.attrs  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MEMO_WORDS = 65_536
"""Words remembered, after which all are forgotten."""

_LEMMA: int = spacy.attrs.IDS["LEMMA"]
_IS_STOP: int = spacy.attrs.IDS["IS_STOP"]
_IS_PUNCT: int = spacy.attrs.IDS["IS_PUNCT"]


class Possible(NamedTuple):
    """What can be said of a word without its tag.

    Attributes:
        keyword: Whether it is a keyword with each of its lemmas.
        lemmas: Its lemmas in lower case, one a line.
    """

    keyword: bool
    lemmas: str


@dataclass(frozen=True)
class PossibleLemmas:
    """Rules and exceptions of lemmatizer and attribute ruler, for all tags at once.

    Attributes:
        suffixes: Endings and what takes their place.
        exceptions: For each part of speech, lemmas by word.
        ruled: Tests of a word in lower case, and the lemma that the ruler may give it.
        getters: Lexical attributes of the language, by number.
    """

    suffixes: frozenset[tuple[str, str]] = field(repr=False)
    exceptions: tuple[Mapping[str, list[str]], ...] = field(repr=False)
    ruled: tuple[tuple[re.Pattern[str], str], ...] = field(repr=False)
    getters: Mapping[int, Any] = field(repr=False)
    _memo: dict[str, Possible] = field(default_factory=dict, repr=False)
    _keywords: dict[str, bool] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, nlp: Any) -> PossibleLemmas:
        """Read the tables of a pipeline with a lemmatizer of the rule mode."""
        lookups = nlp.get_pipe("lemmatizer").lookups
        rules = lookups.get_table("lemma_rules", {}).values()
        return cls(
            suffixes=frozenset((old, new) for own in rules for old, new in own),
            exceptions=tuple(lookups.get_table("lemma_exc", {}).values()),
            ruled=tuple(_ruled(nlp.get_pipe("attribute_ruler"), nlp.vocab.strings)),
            getters=nlp.vocab.lex_attr_getters,
        )

    def look(self, text: str) -> Possible:
        """All that a word may be.

        Args:
            text: Text of the token.
        """
        found = self._memo.get(text)
        if found is None:
            if len(self._memo) >= MEMO_WORDS:
                self._memo.clear()
            lemmas = set(self._lemmas(text.lower()))
            keyword = all(":" not in x and self.is_keyword(x) for x in lemmas)
            found = self._memo[text] = Possible(keyword, "\n".join(sorted(lemmas)))
        return found

    def is_keyword(self, lemma: str) -> bool:
        """Whether Presidio takes a lemma for a keyword: no stop word or punctuation."""
        found = self._keywords.get(lemma)
        if found is None:
            if len(self._keywords) >= MEMO_WORDS:
                self._keywords.clear()
            dull = self.getters[_IS_STOP](lemma) or self.getters[_IS_PUNCT](lemma)
            found = self._keywords[lemma] = not dull and lemma != "be"
        return found

    def _lemmas(self, lower: str) -> Iterator[str]:
        yield lower
        for old, new in self.suffixes:
            if lower.endswith(old):
                yield (lower[: len(lower) - len(old)] + new).lower()
        for exceptions in self.exceptions:
            yield from (lemma.lower() for lemma in exceptions.get(lower, ()))
        for test, lemma in self.ruled:
            if test.search(lower):
                yield lemma.lower()


def _ruled(ruler: Any, strings: Any) -> Iterator[tuple[re.Pattern[str], str]]:
    rules = zip(ruler.patterns, ruler.attrs, ruler.indices, strict=True)
    for rule, attributes, index in rules:
        if _LEMMA in attributes:
            for pattern in rule["patterns"]:
                yield _test(pattern[index].get("LOWER")), strings[attributes[_LEMMA]]


def _test(value: Any) -> re.Pattern[str]:
    """A superset of the words in lower case that a condition of a rule lets pass."""
    if isinstance(value, str):
        return re.compile(rf"\A{re.escape(value)}\Z")
    if isinstance(value, dict) and set(value) == {"IN"}:
        return re.compile("|".join(rf"\A{re.escape(word)}\Z" for word in value["IN"]))
    if isinstance(value, dict) and set(value) == {"REGEX"}:
        return re.compile(value["REGEX"])
    return re.compile("")

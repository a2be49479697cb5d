"""Lemmas of the words before a match, and of no other words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import spacy.attrs  # type: ignore[import-not-found]
from spacy.pipeline.attributeruler import set_token_attrs  # type: ignore[attr-defined]

from isinglass.transforms.pii.stock.context import WORDS_AFTER, WORDS_BEFORE
from isinglass.transforms.pii.stock.possible import PossibleLemmas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BLOCK = 16
"""Tokens whose lemmas are made together."""

_READ = frozenset({"TAG", "DEP", "LOWER", "ORTH", "IS_SPACE"})
"""What rules may read, so that it does not matter which of them were applied before."""

_WRITTEN = frozenset(spacy.attrs.IDS[name] for name in ("LEMMA", "POS", "MORPH"))
"""What a lemma depends on, and no rule reads."""


@dataclass(frozen=True)
class Lemmatiser:
    """The components of a pipeline that make lemmas. Not to be pickled.

    Attributes:
        nlp: The pipeline; these components are loaded but do not run with it.
        names: The components, in order.
        single: Whether they are a tagger, an attribute ruler and a lemmatizer of the
            rule mode, which can treat a few words. Otherwise texts are treated whole.
        reach: Tokens before and after one that a rule for it may read.
        attributes: What each rule writes, without what other rules read.
        possible: What a word may be, if a few words can be treated.
    """

    nlp: Any = field(repr=False)
    names: tuple[str, ...]
    single: bool
    reach: int = 0
    attributes: tuple[dict[int, Any], ...] = field(default=(), repr=False)
    possible: PossibleLemmas | None = field(default=None, repr=False)

    @classmethod
    def of(cls, nlp: Any, names: Sequence[str]) -> Lemmatiser:
        """Look at what a pipeline has."""
        if tuple(names) != ("tagger", "attribute_ruler", "lemmatizer"):
            return cls(nlp, tuple(names), single=False)
        ruler = nlp.get_pipe("attribute_ruler")
        tokens = [p for rule in ruler.patterns for p in rule["patterns"]]
        # A token with an operator may match any number of tokens.
        read = {key for pattern in tokens for token in pattern for key in token}
        if not read <= _READ or nlp.get_pipe("lemmatizer").mode != "rule":
            return cls(nlp, tuple(names), single=False)
        return cls(
            nlp,
            tuple(names),
            single=True,
            reach=max(len(pattern) for pattern in tokens) - 1,
            attributes=tuple(
                {k: v for k, v in attributes.items() if k in _WRITTEN}
                for attributes in ruler.attrs
            ),
            possible=PossibleLemmas.of(nlp),
        )

    def words(self, doc: Any) -> DocWords:
        """The words of a text that went through the pipeline."""
        return DocWords(doc, self)

    def tag(self, doc: Any) -> None:
        """Let the tagger look at a text, and the others at texts treated whole."""
        for name in self.names[:1] if self.single else self.names:
            self.nlp.get_pipe(name)(doc)


@dataclass(frozen=True)
class DocWords:
    """Words of a text that may be context, as `NlpArtifacts` and the enhancer have it.

    A word is a lemma in lower case that is one of the keywords of the text: lemmas
    other than stop words and punctuation, cut at colons.

    Attributes:
        doc: A doc of spaCy; tagged once a lemma is asked for.
        lemmatiser: Its components.
    """

    doc: Any = field(repr=False)
    lemmatiser: Lemmatiser = field(repr=False)
    _lemmas: dict[int, str] = field(default_factory=dict, repr=False)
    _near: dict[int, str] = field(default_factory=dict, repr=False)

    def may_hold(self, start: int, context: Sequence[str]) -> bool:
        """See `context.Words`."""
        possible = self.lemmatiser.possible
        if possible is None:
            return True
        index = self._index(start)
        if index not in self._near:
            directions = _directions(index, len(self._ends))
            lines = [self._reach(possible, *direction) for direction in directions]
            self._near[index] = "\n".join(lines)
        near = self._near[index]
        return any(word in near for word in context)

    def _reach(self, possible: PossibleLemmas, indices: range, most: int) -> str:
        """Lemmas of all words up to those that are surely enough keywords."""
        lines: list[str] = []
        for index in indices:
            word = possible.look(self.doc[index].text)
            lines.append(word.lemmas)
            most -= word.keyword
            if most == 0:
                break
        return "\n".join(lines)

    def around(self, start: int) -> list[str]:
        """See `context.Words`."""
        directions = _directions(self._index(start), len(self._ends))
        return [
            word
            for indices, most in directions
            for word in self._keywords(indices, most)
        ]

    def _index(self, start: int) -> int:
        """Number of the token at a code point, or else of the next one.

        Raises:
            ValueError: The text has none.
        """
        index = int(self._ends.searchsorted(start, side="right"))
        if index == len(self._ends):
            raise ValueError("a match begins after the last token")
        return index

    def _keywords(self, indices: range, most: int) -> list[str]:
        found: list[str] = []
        for index in indices:
            word = self._lemma(index).lower()
            if self._is_keyword(word):
                found.append(word)
                if len(found) == most:
                    break
        return found

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Where each token ends."""
        places = self.doc.to_array(["IDX", "LENGTH"]).astype(np.int64)
        ends: NDArray[np.int64] = places.reshape(-1, 2).sum(axis=1)
        return ends

    def _is_keyword(self, word: str) -> bool:
        """Whether a lemma in lower case is among the keywords.

        It is not, where it has a colon, nor where it is a stop word or punctuation;
        but a part of another word, cut at its colons, may look the same.
        """
        whole = ":" not in word and self._may_be_keyword(word)
        return whole or word in self._pieces

    def _may_be_keyword(self, lemma: str) -> bool:
        if self.lemmatiser.possible is not None:
            return self.lemmatiser.possible.is_keyword(lemma)
        lexeme = self.doc.vocab[lemma]
        return not lexeme.is_stop and not lexeme.is_punct and lemma != "be"

    @cached_property
    def _pieces(self) -> frozenset[str]:
        """Parts of words with a colon."""
        text = self.doc.text
        if ":" not in text:
            return frozenset()
        tokens = np.unique(self._ends.searchsorted(_colons(text), side="right"))
        lemmas = [self._lemma(i) for i in tokens.tolist() if self.doc[i].text != ":"]
        keywords = [lemma.lower() for lemma in lemmas if self._may_be_keyword(lemma)]
        return frozenset(piece for word in keywords for piece in word.split(":"))

    @cached_property
    def _tagged(self) -> Any:
        self.lemmatiser.tag(self.doc)
        return self.doc

    def _lemma(self, index: int) -> str:
        if not self.lemmatiser.single:
            return str(self._tagged[index].lemma_)
        if index not in self._lemmas:
            self._lemmatise(index // _BLOCK)
        return self._lemmas[index]

    def _lemmatise(self, block: int) -> None:
        """Make the lemmas of a block as attribute ruler and lemmatizer would.

        What rules read is left as it is: they all see the tags and the dependencies
        that the model gave.
        """
        doc, nlp = self._tagged, self.lemmatiser.nlp
        ruler, lemmatizer = nlp.get_pipe("attribute_ruler"), nlp.get_pipe("lemmatizer")
        first, stop = block * _BLOCK, min((block + 1) * _BLOCK, len(doc))
        reach = self.lemmatiser.reach
        low = max(first - reach, 0)
        for number, _, start, end in ruler.match(doc[low : stop + reach]):
            offset = ruler.indices[number]
            target = low + (start + offset if offset >= 0 else end + offset)
            if first <= target < stop:
                set_token_attrs(doc[target], self.lemmatiser.attributes[number])
        for token in doc[first:stop]:
            if lemmatizer.overwrite or token.lemma == 0:
                token.lemma_ = lemmatizer.lemmatize(token)[0]
            self._lemmas[token.i] = str(token.lemma_)


def _directions(index: int, count: int) -> tuple[tuple[range, int], ...]:
    """Tokens back and on from one, and the most keywords that are taken of them."""
    back = range(index, -1, -1), WORDS_BEFORE + 1
    return back, (range(index, count), WORDS_AFTER + 1)


def _colons(text: str) -> list[int]:
    return [found.start() for found in re.finditer(":", text)]

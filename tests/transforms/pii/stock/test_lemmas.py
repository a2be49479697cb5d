"""Context words, and lemmas made one by one, against those of the whole pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.transforms.pii.stock.context import raise_scores
from isinglass.transforms.pii.stock.matches import Match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.transforms.pii.stock.scanner import StockScanner

TEXT = (
    "They're gonna let's go; c'mon, y'all ain't got to, n't nothin' is what it was. "
    "Identifications drove the worse drivers' children best: running, ran, Licences "
    "foo:the :D http://a.b:80/C 12:30\n\n \t There's nuthin better ' x "
    "IBAN's 3rd E-mails phoned\u00a0THE numbers, taxes \u2019s 's d'ye 'em. "
)


@pytest.fixture(scope="module")
def artifacts(analyzer: Any) -> Any:
    return analyzer.nlp_engine.process_text(TEXT, "en")


@pytest.fixture(scope="module")
def words(scanner: StockScanner) -> Any:
    doc = scanner.pipeline.read([TEXT])[0].doc
    return scanner.pipeline.lemmatiser.words(doc)


def test_words_around_every_token(analyzer: Any, artifacts: Any, words: Any) -> None:
    enhancer = analyzer.context_aware_enhancer
    for start in artifacts.tokens_indices:
        theirs = enhancer._extract_surrounding_words(artifacts, "", start)
        assert set(words.around(start)) == set(theirs)


def test_every_word_around_may_be_there(words: Any, artifacts: Any) -> None:
    for start in artifacts.tokens_indices:
        assert all(words.may_hold(start, [word]) for word in words.around(start))
    # And words that are nowhere near are ruled out.
    assert not words.may_hold(0, ["licence"])
    assert not words.may_hold(len(TEXT) - 3, ["driver"])


def test_every_lemma_is_a_possible_one(scanner: StockScanner, artifacts: Any) -> None:
    possible = scanner.pipeline.lemmatiser.possible
    assert possible is not None
    keywords = set(artifacts.keywords)
    for token, lemma in zip(artifacts.tokens, artifacts.lemmas, strict=True):
        word = possible.look(token.text)
        assert lemma.lower() in word.lemmas.split("\n") or "\n" in lemma
        assert not word.keyword or lemma.lower() in keywords
    assert not possible.look("the").keyword
    assert not possible.look("a:b").keyword
    assert possible.look("children").lemmas == "child\nchildren"


def test_no_word_stands_behind_the_last_token(words: Any) -> None:
    with pytest.raises(ValueError, match="after the last token"):
        words.around(len(TEXT))


class Fixed:
    """Words that are the same everywhere, and may be ruled out or not."""

    def __init__(self, words: Sequence[str], *, may: bool = True) -> None:
        self.words = words
        self.may = may

    def may_hold(self, start: int, context: Sequence[str]) -> bool:
        assert start >= 0
        assert all(word == word.lower() for word in context)
        return self.may

    def around(self, start: int) -> Sequence[str]:
        assert self.may
        assert start >= 0
        return self.words


@pytest.mark.parametrize(
    ("base", "words", "score", "context"),
    [
        (0.01, ["public"], 0.4, "lic"),
        (0.3, ["a license"], 0.3 + 0.35, "lic"),
        (0.9, ["lic", "permit"], 1.0, "permit"),
        (0.3, ["dea"], 0.3 + 0.35, "DEA"),
        (0.3, ["permi", "li"], 0.3, None),
        (0.3, [], 0.3, None),
    ],
)
def test_scores(
    base: float, words: list[str], score: float, context: str | None
) -> None:
    match = Match("X", 0, 1, base, "rule", base, recognizer=0)
    (raised,) = raise_scores([match], [("permit", "lic", "DEA")], Fixed(words))
    assert (raised.score, raised.context, raised.base) == (score, context, base)


def test_what_has_no_context_words_stays() -> None:
    model = Match("X", 0, 1, 0.3, "rule", 0.3)
    other = model._replace(recognizer=0)
    ruled_out = model._replace(recognizer=1)
    matches = [model, other, ruled_out]
    contexts = [(), ("card",)]
    assert raise_scores(matches, contexts, Fixed(["card"], may=False)) == matches

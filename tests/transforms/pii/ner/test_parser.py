"""The parser beside spaCy's own, on real windows and on random vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isinglass.transforms.pii.ner.encoder import UnknownNetworkError
from isinglass.transforms.pii.ner.parser import read_parser, sentence_starts

TEXTS = (
    "I met John Smith Jr. Mary came later. Who was there?",
    "D.C. Law 2-123, effective May 1, 1980. D.C. Law 4-164 repealed it.",
    "Name  Age\nAnn   12\nBob   14\n\nTotal 26",
    "one",
    "! ? . ; ( [",
    "He said (and she, who had been there since morning, agreed) that nobody had come",
)


@pytest.mark.parametrize("text", TEXTS)
def test_sentences_of_texts(nlp: Any, text: str) -> None:
    doc = nlp.make_doc(text)
    nlp.get_pipe("tok2vec")(doc)
    assert_same(nlp, doc)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40, 300])
def test_sentences_of_noise(nlp: Any, size: int) -> None:
    """Vectors that no text has lead to states that no text leads to."""
    noise = np.random.default_rng(size)
    for scale in (0.3, 1.0, 3.0):
        # A parse leaves marks in a doc, which bind the next.
        doc = nlp.make_doc(" ".join(["word"] * size))
        vectors = noise.normal(0, scale, (size, 96))
        doc.tensor = vectors.astype(np.float32)
        assert_same(nlp, doc)


def test_texts_are_read_apart(nlp: Any) -> None:
    parser = read_parser(nlp.get_pipe("parser"))
    vectors = np.random.default_rng(1).normal(0, 1, (30, 96)).astype(np.float32)
    bounds = np.array([[0, 10], [12, 30]])
    marked = sentence_starts(parser, vectors, bounds)
    assert not marked[10:12].any()
    for low, high in bounds.tolist():
        alone = sentence_starts(parser, vectors[low:high], np.array([[0, high - low]]))
        assert marked[low:high].tolist() == alone.tolist()


def test_a_parser_that_is_not_written_here_is_refused(nlp: Any) -> None:
    for name, value in (("beam_width", 2), ("learn_tokens", True)):
        pipe = nlp.get_pipe("parser")
        before = pipe.cfg[name]
        pipe.cfg[name] = value
        with pytest.raises(UnknownNetworkError, match=name):
            read_parser(pipe)
        pipe.cfg[name] = before
    with pytest.raises(UnknownNetworkError, match="factory"):
        read_parser(nlp.get_pipe("ner"))


def assert_same(nlp: Any, doc: Any) -> None:
    pipe = nlp.get_pipe("parser")
    bounds = np.array([[0, len(doc)]])
    marked = sentence_starts(read_parser(pipe), doc.tensor, bounds)
    pipe.set_annotations([doc], pipe.predict([doc]))
    assert marked.tolist() == [token.is_sent_start for token in doc]

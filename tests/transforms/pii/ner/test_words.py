from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from isinglass.transforms.pii.ner.chunks import PlainWords
from isinglass.transforms.pii.ner.weights import COLUMNS


@pytest.fixture(scope="module")
def words(nlp: Any) -> PlainWords:
    return PlainWords(nlp)


@pytest.mark.parametrize("chunk", ["a", "Angela", "DATE", "xyzzyness", "PERSON"])
def test_a_plain_word_has_the_attributes_of_its_token(
    nlp: Any, words: PlainWords, chunk: str
) -> None:
    assert words.works
    assert words.holds(chunk)
    doc = nlp.tokenizer(chunk)
    assert len(doc) == 1
    np.testing.assert_array_equal(words.keys([chunk]), doc.to_array(list(COLUMNS)))


@pytest.mark.parametrize(
    "chunk", ["", " ", "don't", "cannot", "Id", "end.", "Zürich", "5km", "a-b", "a_b"]
)
def test_what_may_be_split_is_no_plain_word(words: PlainWords, chunk: str) -> None:
    assert not words.holds(chunk)


def test_a_tokenizer_that_splits_letters_gets_none(
    nlp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nlp.tokenizer, "prefix_search", _first_e)
    assert not PlainWords(nlp).works
    assert not PlainWords(nlp).holds("Angela")


def _first_e(text: str) -> Any:
    return re.match("e", text)

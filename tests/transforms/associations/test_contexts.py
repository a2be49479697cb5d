from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.associations.contexts import Context, ContextSample

IDS = [f"{n:032x}" for n in range(40)]


def sample(words: list[str], texts: list[str], most: int = 50) -> ContextSample:
    made = ContextSample(words, most, seed=3)
    made.add(pa.array(IDS[: len(texts)], pa.string()), pa.array(texts, pa.string()))
    return made


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("He is here. She is there. Who?", "she", ["She is there."]),
        (
            "a cat, a concat and cats; (cat)",
            "cat",
            ["a cat, a concat and cats; (cat)"] * 2,
        ),
        ("cat", "cat", ["cat"]),
        ("Cat naps", "cat", ["Cat naps"]),
        ("CAT naps", "cat", []),
        ("adam or Adam", "Adam", ["adam or Adam"]),
        ("cat_x 7cat écat caté", "cat", []),
        ("Yes!\nA cat\nNo", "cat", ["A cat"]),
        ("See 3.14 cats. One cat.", "cat", ["One cat."]),
        ("the New York Times", "New York", ["the New York Times"]),
        ("New Yorkers", "New York", []),
        ("naïve café", "café", ["naïve café"]),
        ("", "cat", []),
    ],
)
def test_sentences(text: str, word: str, expected: list[str]) -> None:
    found = sample([word], [text]).contexts(word)
    assert [one.sentence for one in found] == expected
    for one in found:
        assert one.sentence[one.start : one.end].lower() == word.lower()


def test_documents_are_told_apart() -> None:
    found = sample(["he", "cat"], ["he", "llo he", "concat", "cat", "s"])
    assert [one.sentence for one in found.contexts("cat")] == ["cat"]
    assert sorted(one.sentence for one in found.contexts("he")) == ["he", "llo he"]


def test_long_sentences_are_cut_between_characters() -> None:
    (one,) = sample(["cat"], ["é" * 500 + " cat " + "🐈" * 500]).contexts("cat")
    assert "\ufffd" not in one.sentence
    assert len(one.sentence.encode()) <= 2 * 240 + 3
    assert one.sentence[one.start : one.end] == "cat"


def test_a_slice_of_an_array_is_read_where_it_is() -> None:
    made = ContextSample(["cat"], 5, seed=3)
    texts = pa.array(["a cat", "one cat", "no dog"]).slice(1, 2)
    made.add(pa.array(IDS[:2]), texts)
    assert made.contexts("cat") == [Context("one cat", 4, 7)]


def test_the_sample_does_not_depend_on_batches_or_order() -> None:
    texts = [f"the cat number {n} sat. And no more." for n in range(40)]
    whole = sample(["cat"], texts, most=7)
    parts = ContextSample(["cat"], 7, seed=3)
    for at in (30, 0, 10, 20):
        parts.add(pa.array(IDS[at : at + 10]), pa.array(texts[at : at + 10]))
    assert parts.contexts("cat") == whole.contexts("cat")
    assert (whole.seen("cat"), len(whole.contexts("cat"))) == (40, 7)
    larger = sample(["cat"], texts, most=9)
    assert larger.contexts("cat")[:7] == whole.contexts("cat")


@given(st.lists(st.text("catCAT é.\n_1🐈", max_size=30), max_size=8))
def test_as_many_are_found_as_a_pattern_finds(texts: list[str]) -> None:
    found = sample(["cat", "at"], texts, most=1000)
    for word in ("cat", "at"):
        forms = f"(?:{word}|{word.capitalize()})"
        # Every character beyond ASCII stands for a letter.
        pattern = (
            rf"(?<![A-Za-z0-9_\x80-\U0010ffff]){forms}(?![A-Za-z0-9_\x80-\U0010ffff])"
        )
        assert found.seen(word) == sum(len(re.findall(pattern, text)) for text in texts)

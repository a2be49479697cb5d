from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.semantic.terms import (
    WORDS,
    add_words,
    count_words,
    documents_each,
    sum_words,
    telling_words,
)
from tests.properties import examples

Term = tuple[str, int, float]


def _count(texts: list[str], clusters: list[int]) -> pa.Table:
    return count_words(pa.array(texts, pa.string()), np.array(clusters, np.int32))


def _telling(table: pa.Table, clusters: list[int], most: int = 10) -> list[list[Term]]:
    """Word, documents and score of the words of each of two clusters."""
    documents = np.bincount(np.array(clusters, np.int32), minlength=2)
    found: list[list[Term]] = [[], []]
    for row in telling_words(sum_words([table]), documents, most).to_pylist():
        found[row["cluster"]].append((row["word"], row["documents"], row["score"]))
    return found


def _terms(texts: list[str], clusters: list[int]) -> list[list[Term]]:
    return _telling(_count(texts, clusters), clusters)


def _words(texts: list[str], clusters: list[int]) -> list[list[str]]:
    return [[term[0] for term in found] for found in _terms(texts, clusters)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Engine", ["engine"]),
        ("ENGINE engine", ["engine"]),
        ("it is an ox", []),
        ("don't", ["don"]),
        ("“Straße”—naïve", ["naïve", "straße"]),
        ("x86_64 v2beta", ["beta"]),
        ("ΣΊΣΥΦΟΣ дом", ["дом", "σίσυφοσ"]),
        ("हिन्दी", ["हिन्दी"]),
        ("漢字書", ["漢字", "字書"]),
        ("新しい本、Buch本屋2冊", ["しい", "buch", "新し", "い本", "本屋"]),
        ("データ 犬 abc", ["デー", "ータ", "abc"]),
        ("ภาษาไทย ພາສາລາວ ភាសាខ្មែរ မြန်မာ", []),
        ("<EMAIL_ADDRESS> <PERSON_12> <DATE:2026> <URL:.ac.uk>", []),
        ("a <b and c> <Person> <br>", ["and", "person"]),
        ("z" * 40 + " " + "y" * 41, ["z" * 40]),
        ("", []),
        ("\x00\t\n", []),
    ],
)
def test_what_is_a_word(text: str, words: list[str]) -> None:
    texts = [text] * 10 + ["other"] * 10
    assert sorted(_words(texts, [0] * 10 + [1] * 10)[0]) == sorted(words)


@pytest.mark.parametrize(
    ("here", "there", "shown"),
    [(10, 0, True), (9, 0, False), (9, 1, True), (5, 5, True), (4, 6, False)],
)
def test_rare_words_are_not_shown(here: int, there: int, *, shown: bool) -> None:
    texts = ["rare"] * here + ["filler"] * (20 - here)
    texts += ["rare"] * there + ["filler"] * (80 - there)
    words = _words(texts, [0] * 20 + [1] * 80)
    assert ("rare" in words[0]) is shown


def test_one_long_document_names_nothing() -> None:
    texts = ["shout " * 1000 + "calm"] + ["calm"] * 19 + ["other"] * 20
    assert _words(texts, [0] * 20 + [1] * 20) == [["calm"], ["other"]]


def test_words_of_all_documents_come_last_without_a_list() -> None:
    texts = ["the engine runs with the piston"] * 30 + [
        "the bread is with the oven"
    ] * 30
    terms = _terms(texts, [0] * 30 + [1] * 30)
    assert [term[0] for term in terms[0]] == ["engine", "piston", "runs"]
    assert [term[0] for term in terms[1]] == ["bread", "oven"]
    assert terms[0][0][1] == 30


def test_scores_are_log_odds_in_standard_errors() -> None:
    texts = ["word"] * 15 + ["none"] * 5 + ["word"] * 10 + ["none"] * 30
    word, documents, score = _terms(texts, [0] * 20 + [1] * 40)[0][0]
    odds = np.log(15.5 / 5.5) - np.log(10.5 / 30.5)
    error = np.sqrt(1 / 15.5 + 1 / 5.5 + 1 / 10.5 + 1 / 30.5)
    assert (word, documents) == ("word", 15)
    assert score == pytest.approx(odds / error, abs=1e-5)


def test_the_most_telling_words_alone() -> None:
    texts = ["alpha beta"] * 20 + ["alpha"] * 10 + ["other"] * 30
    clusters, table = [0] * 30 + [1] * 30, _count(texts, [0] * 30 + [1] * 30)
    first, second = _telling(table, clusters, most=1)
    assert [term[0] for term in (*first, *second)] == ["alpha", "other"]
    assert [len(found) for found in _telling(table, clusters, most=2)] == [2, 1]


@examples(25)
@given(st.permutations(range(40)), st.integers(0, 40), st.booleans())
def test_order_and_grouping_do_not_matter(
    order: list[int],
    cut: int,
    early: bool,  # noqa: FBT001 - drawn
) -> None:
    vocabulary = ["alpha", "beta", "gamma", "delta"]
    texts = [" ".join(vocabulary[: 1 + number % 4]) for number in range(40)]
    clusters = [number % 3 % 2 for number in range(40)]
    whole = _terms(texts, clusters)
    tables = [WORDS.empty_table()]
    with pytest.MonkeyPatch.context() as patch:
        if early:
            patch.setattr("isinglass.transforms.semantic.terms._PENDING", 0)
        for part in (order[cut:], order[:cut]):
            counted = _count([texts[i] for i in part], [clusters[i] for i in part])
            tables = add_words(tables, counted)
    assert len(tables) == (1 if early else 3)
    assert _telling(sum_words(tables), clusters) == whole
    assert any(whole)


def test_no_documents_have_no_terms() -> None:
    assert _telling(WORDS.empty_table(), []) == [[], []]
    assert _terms([], []) == [[], []]


@pytest.mark.parametrize(
    ("clusters", "each"), [(1, 500), (100, 500), (200, 250), (2000, 25), (10**6, 10)]
)
def test_documents_of_a_cluster(clusters: int, each: int) -> None:
    assert documents_each(clusters) == each

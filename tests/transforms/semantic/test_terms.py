from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.semantic.terms import (
    ChoiceFold,
    Counted,
    TermFold,
    documents_each,
)
from tests.properties import examples

if TYPE_CHECKING:
    from collections.abc import Callable

FOLD = TermFold(2)


def _count(texts: list[str], clusters: list[int]) -> Counted:
    return FOLD.add(
        FOLD.create(), pa.array(texts, pa.string()), np.array(clusters, np.int32)
    )


def _words(texts: list[str], clusters: list[int]) -> list[list[str]]:
    terms = FOLD.finish(_count(texts, clusters))
    return [[term.word for term in found] for found in terms]


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
    terms = FOLD.finish(_count(texts, [0] * 30 + [1] * 30))
    assert [term.word for term in terms[0]] == ["engine", "piston", "runs"]
    assert [term.word for term in terms[1]] == ["bread", "oven"]
    assert terms[0][0].documents == 30


def test_scores_are_log_odds_in_standard_errors() -> None:
    texts = ["word"] * 15 + ["none"] * 5 + ["word"] * 10 + ["none"] * 30
    term = FOLD.finish(_count(texts, [0] * 20 + [1] * 40))[0][0]
    odds = np.log(15.5 / 5.5) - np.log(10.5 / 30.5)
    error = np.sqrt(1 / 15.5 + 1 / 5.5 + 1 / 10.5 + 1 / 30.5)
    assert (term.word, term.documents) == ("word", 15)
    assert term.score == pytest.approx(odds / error, abs=1e-5)


@examples(25)
@given(st.permutations(range(40)), st.integers(0, 40))
def test_order_and_grouping_do_not_matter(order: list[int], cut: int) -> None:
    vocabulary = ["alpha", "beta", "gamma", "delta"]
    texts = [" ".join(vocabulary[: 1 + number % 4]) for number in range(40)]
    clusters = [number % 3 % 2 for number in range(40)]
    whole = FOLD.finish(_count(texts, clusters))
    first = _count([texts[i] for i in order[:cut]], [clusters[i] for i in order[:cut]])
    second = _count([texts[i] for i in order[cut:]], [clusters[i] for i in order[cut:]])
    assert FOLD.finish(FOLD.merge(second, first)) == whole
    assert any(whole)


def test_merging_changes_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "isinglass.transforms.semantic.terms._PENDING"
    monkeypatch.setattr(name, 0)
    first = _count(["engine"] * 20, [0] * 20)
    second = _count(["bread"] * 20, [1] * 20)
    before = FOLD.finish(first)
    merged = FOLD.merge(first, second)
    assert len(merged.tables) == 1
    assert FOLD.finish(first) == before
    assert first.documents.tolist() == [20, 0]
    assert [[t.word for t in found] for found in FOLD.finish(merged)] == [
        ["engine"],
        ["bread"],
    ]


def test_no_documents_have_no_terms() -> None:
    assert FOLD.finish(FOLD.create()) == [[], []]
    assert FOLD.finish(_count([], [])) == [[], []]


@pytest.mark.parametrize(
    ("clusters", "each"), [(1, 500), (100, 500), (200, 250), (2000, 25), (10**6, 10)]
)
def test_documents_of_a_cluster(clusters: int, each: int) -> None:
    assert documents_each(clusters) == each


def test_choice_takes_as_many_of_each_cluster_in_any_order(
    doc_ids: Callable[[int], pa.StringArray],
) -> None:
    ids, fold = doc_ids(300), ChoiceFold(7, seed=2)
    clusters = np.where(np.arange(300) < 5, 3, np.arange(300) % 2).astype(np.int32)
    whole = fold.add(fold.create(), ids, clusters)
    cut = [slice(200, 300), slice(0, 50), slice(50, 200)]
    pieces = fold.create()
    for part in cut:
        pieces = fold.add(pieces, ids[part], clusters[part])
    chosen = fold.chosen(whole, ids, clusters)
    assert np.bincount(clusters[chosen]).tolist() == [7, 7, 0, 5]
    assert fold.chosen(pieces, ids, clusters).tolist() == chosen.tolist()
    parts = [fold.chosen(whole, ids[part], clusters[part]).tolist() for part in cut]
    assert parts == [chosen[part].tolist() for part in cut]
    assert fold.chosen(fold.create(), ids[:0], clusters[:0]).tolist() == []

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest

from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.lexicon import Lexicons, load_lexicons
from isinglass.transforms.explanations.counterfactual import (
    Mention,
    Swap,
    drawn_swaps,
    others,
    swapped,
)


@pytest.fixture(scope="module")
def lexicons() -> Lexicons:
    return load_lexicons()


def place(lexicons: Lexicons, label: str) -> int:
    return lexicons.labels.index(label)


def mentions(lexicons: Lexicons, text: str, axis: str = "gender") -> list[Mention]:
    texts, tags = pa.array([text]), pa.array(["en"])
    _, found = count_mentions(texts, tags, lexicons, everywhere=True)
    columns = (found.starts, found.stops, found.terms, found.rules)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        Mention(start, stop, term)
        for start, stop, term, rule in rows
        if rule and lexicons.terms[term][1][0] == axis
    ]


@pytest.mark.parametrize(
    ("text", "before", "after", "expected"),
    [
        ("A woman met a woman.", "female/woman", "male/man", "A man met a man."),
        ("Women and woman", "female/woman", "male/man", "Men and man"),
        ("WOMEN, women", "female/woman", "male/man", "MEN, men"),
        ("Her book; it is hers.", "female/she", "male/he", "Him book; it is his."),
        ("The girls", "female/girl", "female/woman", "The woman"),
        ("My mother-in-law", "female/mother-in-law", "male/uncle", "My uncle"),
        (
            "Über eine woman, naïve.",
            "female/woman",
            "male/man",
            "Über eine man, naïve.",
        ),
        ("He is here", "female/she", "male/he", "He is here"),
        ("womanly", "female/woman", "male/man", "womanly"),
    ],
)
def test_one_term_takes_the_place_of_another(
    lexicons: Lexicons, text: str, before: str, after: str, expected: str
) -> None:
    swap = Swap(*(place(lexicons, f"en/gender/{one}") for one in (before, after)))
    assert swapped(text, mentions(lexicons, text), lexicons, swap) == expected


def test_others_are_of_the_same_axis_language_and_kind_of_word(
    lexicons: Lexicons,
) -> None:
    own = place(lexicons, "en/gender/female/woman")
    found = [lexicons.terms[other] for other in others(lexicons, own).tolist()]
    assert {axis for _, (axis, _), _ in found} == {"gender"}
    assert {one.language for one, _, _ in found} == {"en"}
    assert {term.pos for _, _, term in found} == {"noun"}
    assert {term.status for _, _, term in found} == {"reviewed"}
    assert {"man", "girl"} <= {term.term for _, _, term in found}
    assert "woman" not in {term.term for _, _, term in found}


def test_swaps_are_drawn_by_the_key_alone(lexicons: Lexicons) -> None:
    found = mentions(lexicons, "A woman and her son")
    one, two, other = (drawn_swaps(lexicons, found, 5, [k]) for k in (1, 1, 2))
    assert one == two
    assert one != other
    assert len(one) == len(set(one)) == 5
    assert drawn_swaps(lexicons, [], 5, [1]) == []


def test_every_swap_is_as_likely_as_another(lexicons: Lexicons) -> None:
    own = place(lexicons, "en/gender/female/she")
    some = [Mention(0, 3, own), Mention(4, 9, place(lexicons, "en/gender/male/son"))]
    drawn = Counter(
        swap.term
        for key in range(400)
        for swap in drawn_swaps(lexicons, some, 1, [key])
    )
    pronouns, nouns = (len(others(lexicons, one.term)) for one in some)
    expected = 400 * pronouns / (pronouns + nouns)
    assert drawn[own] == pytest.approx(expected, abs=5 * (expected + 1) ** 0.5)


def test_no_mention_of_another_axis_is_touched(lexicons: Lexicons) -> None:
    text = "A Catholic woman"
    assert [m.start for m in mentions(lexicons, text)] == [11]
    assert [m.start for m in mentions(lexicons, text, "religion")] == [2]

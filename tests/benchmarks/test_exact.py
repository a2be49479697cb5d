from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest

from benchmarks.deduplication.exact import (
    jaccard,
    normal_form,
    shingle_matrix,
    similar_pairs,
    units,
)
from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.normalise import normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A b-c, d_e 9", ["a", "b", "c", "d_e", "9"]),
        # The last sigma of a word is no letter of its own.
        ("\u0391\u03a3 \u03a3", ["\u03b1\u03c3", "\u03c3"]),
        ("cafe\u0301 CAF\u00c9", ["caf\u00e9", "caf\u00e9"]),
        ("\u6f22\u5b57\u3001\u304b\u306a", list("\u6f22\u5b57\u304b\u306a")),
        # Most letters are Latin, so that words are the units.
        ("\u6f22\u5b57 abcde", ["\u6f22\u5b57", "abcde"]),
        ("\u0e19\u0e49\u0e33", list("\u0e19\u0e49\u0e33")),
        ("", []),
    ],
)
def test_units(text: str, expected: list[str]) -> None:
    assert units(normal_form(text)) == expected


def test_normal_form_is_that_of_the_documentation() -> None:
    samples = ["  A\u00a0 B\n", "\u0130x", "\u1e9e \u03a3\u03a3", "H\u0331"]
    import pyarrow as pa  # noqa: PLC0415

    ours = normalise(pa.array(samples), NormaliseConfig()).to_pylist()
    assert [normal_form(text) for text in samples] == ours


def by_definition(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + 5]) for at in range(len(words) - 4)}


def random_forms(seed: int, count: int) -> list[str]:
    """Texts over few words, of which many are copies with an edit."""
    chance = random.Random(seed)  # noqa: S311 - test data
    forms: list[str] = []
    for _ in range(count):
        if forms and chance.random() < 0.8:
            # Of the longest, so that single edits leave the texts alike.
            words = max(chance.choices(forms, k=3), key=len).split()
            for _ in range(chance.randrange(3)):
                words[chance.randrange(len(words))] = f"x{chance.randrange(99)}"
        else:
            length = chance.choice([1, 4, 5, 6, 30, 60, 90])
            words = [f"w{chance.randrange(6)}" for _ in range(length)]
        forms.append(" ".join(words))
    return forms


@pytest.mark.parametrize("seed", range(5))
def test_the_join_finds_what_all_pairs_give(seed: int) -> None:
    forms = random_forms(seed, 120)
    sets = [by_definition(form.split()) for form in forms]
    expected = {}
    for left, right in combinations(range(len(sets)), 2):
        either = sets[left] | sets[right]
        value = len(sets[left] & sets[right]) / len(either) if either else 0.0
        if value >= 0.5:
            expected[left, right] = value
    matrix = shingle_matrix(forms)
    assert np.diff(matrix.indptr).tolist() == [len(one) for one in sets]
    join = similar_pairs(matrix, 0.5)
    keys = map(tuple, join.pairs.tolist())
    found = dict(zip(keys, join.similarity.tolist(), strict=True))
    assert len(expected) > 20
    assert found == expected
    assert join.candidates >= len(found)


def test_no_shingle_is_alike_to_nothing() -> None:
    matrix = shingle_matrix(["a b", "a b", "a b c d e"])
    assert jaccard(matrix, np.array([[0, 1], [1, 2], [2, 2]])).tolist() == [0, 0, 1]
    assert len(similar_pairs(matrix, 0.5).pairs) == 0

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.deduplication.exact import jaccard, normal_form, shingle_matrix, units
from benchmarks.deduplication.planted import FORMAT_KINDS, KINDS, plant


def texts(count: int, words: int = 200) -> list[str]:
    chance = random.Random(7)  # noqa: S311 - test data
    made = []
    for _ in range(count):
        chosen = [f"w{chance.randrange(5000)}" for _ in range(words)]
        thirds = [chosen[at : at + words // 3] for at in range(0, words, words // 3)]
        made.append(".\n\n".join(" ".join(third) for third in thirds))
    return made


def test_same_seed_same_texts() -> None:
    real = texts(30)
    assert plant(real, 50, 3) == plant(real, 50, 3)
    assert plant(real, 50, 3) != plant(real, 50, 4)


def test_every_kind_comes_and_some_are_edited_twice() -> None:
    planted = plant(texts(60), 300, 1)
    assert len(planted) == 300
    kinds = {one.kind for one in planted}
    assert set(KINDS) <= kinds
    twice = [one for one in planted if "+" in one.kind]
    assert 15 < len(twice) < 90
    # The first of a chain stands just before the second.
    for before, one in pairwise(planted):
        if "+" in one.kind:
            assert one.kind.startswith(before.kind)
            assert one.origin == before.origin


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_edit_changes_the_text_and_stays_alike(kind: str) -> None:
    real = texts(40)
    chance = random.Random(5)  # noqa: S311 - test data
    edited = [KINDS[kind](text, chance) for text in real]
    # Small letters are what these texts have already.
    least = 25 if kind == "case" else 36
    changed = sum(one != text for one, text in zip(edited, real, strict=True))
    assert changed >= least
    forms = [normal_form(text) for text in [*real, *edited]]
    pairs = np.stack([np.arange(40), np.arange(40, 80)], axis=1)
    found = jaccard(shingle_matrix(forms), pairs)
    if kind in FORMAT_KINDS:
        assert (found == 1).all()
        assert all(units(forms[a]) == units(forms[b]) for a, b in pairs.tolist())
    else:
        assert ((found > 0.3) & (found < 1)).sum() >= 36
        assert (found >= 0.5).sum() >= 20


def test_short_texts_cannot_be_edited() -> None:
    with pytest.raises(ValueError, match="40 to 5000 words"):
        plant(["too short"], 1, 1)

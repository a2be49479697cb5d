from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.decide import Fate
from isinglass.transforms.dedup.whole import Texts, deduplicate
from tests.corpora import document
from tests.properties import examples

KEEP, EXACT, NEAR, INSIDE = Fate
LINES = [document(random.Random(n), 4) for n in range(4)]  # noqa: S311 - test data
LONG = " ".join(LINES)


def decided(texts: list[str], size: int = 2, **settings: Any) -> list[tuple[int, int]]:
    """Fate of each text and what stays for it; texts in batches of `size`."""
    found = deduplicate(batches(texts, size), DedupConfig(**settings))
    return list(zip(found.fate.tolist(), found.kept.tolist(), strict=True))


def batches(texts: list[str], size: int = 2) -> list[Texts]:
    words = np.zeros((len(texts), 2), np.uint64)
    words[:, 1] = np.arange(len(texts))
    return [
        Texts(
            pa.array(texts[start : start + size], pa.string()),
            words[start : start + size],
            pa.nulls(len(texts[start : start + size]), pa.string()),
        )
        for start in range(0, len(texts), size)
    ]


STAYS = (KEEP, -1)


@pytest.mark.parametrize(
    ("texts", "settings", "expected"),
    [
        ([], {}, []),
        (["a"], {}, [STAYS]),
        (["a b", "A  b ", "a b."], {}, [(EXACT, 1), STAYS, STAYS]),
        (["a b", "A  b "], {"exact": False}, [STAYS, STAYS]),
        (["", " "], {}, [(EXACT, 1), STAYS]),
        (LINES, {}, [STAYS] * 4),
        ([LINES[0], LINES[0] + " And more."], {}, [(NEAR, 1), STAYS]),
        (
            [LINES[0], LINES[0] + " And more."],
            {"keep": "first"},
            [STAYS, (NEAR, 0)],
        ),
        ([LINES[0], LINES[0] + " And more."], {"fuzzy": False}, [STAYS, STAYS]),
        ([LINES[0], LINES[0] + " And more."], {"threshold": 1.0}, [STAYS, STAYS]),
        ([LINES[1], LINES[1], LINES[1] + " x"], {}, [(NEAR, 2), (NEAR, 2), STAYS]),
        ([LINES[2], LONG], {}, [STAYS, STAYS]),
        ([LINES[2], LONG], {"containment": 0.9}, [(INSIDE, 1), STAYS]),
        ([LINES[2] + " " + LINES[0], LONG], {"containment": 1.0}, [STAYS, STAYS]),
    ],
)
def test_decisions(
    texts: list[str], settings: dict[str, Any], expected: list[tuple[int, int]]
) -> None:
    for size in (1, 2, 100):
        assert decided(texts, size, **settings) == expected


def test_of_texts_preferred_alike_the_smallest_id_stays() -> None:
    one, other = batches(["a b c", "A b c"], 1)
    assert deduplicate([one, other], DedupConfig()).kept.tolist() == [-1, 0]
    assert deduplicate([other, one], DedupConfig()).kept.tolist() == [1, -1]


def shingles(text: str, ngram: int) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[n : n + ngram]) for n in range(len(words) - ngram + 1)}


def similarity(left: str, right: str, ngram: int) -> float:
    one, other = shingles(left, ngram), shingles(right, ngram)
    return len(one & other) / len(one | other) if one | other else 0.0


WORDS = st.lists(st.sampled_from("ab"), max_size=9).map(" ".join)


@given(
    st.lists(WORDS, max_size=12),
    st.sampled_from([0.3, 0.5, 0.75, 1.0]),
    st.integers(1, 4),
    st.integers(1, 5),
)
@examples(150)
def test_what_stays_is_unlike_and_what_goes_is_like_what_stays(
    texts: list[str], threshold: float, ngram: int, size: int
) -> None:
    # One row a band and many bands: every pair that shares a shingle is compared.
    dedup = DedupConfig(threshold=threshold, ngram=ngram, bands=256, rows=1)
    found = deduplicate(batches(texts, size), dedup)
    stays = np.flatnonzero(found.fate == KEEP).tolist()
    for one, other in combinations(stays, 2):
        assert texts[one] != texts[other]
        assert similarity(texts[one], texts[other], ngram) < threshold
    for row in np.flatnonzero(found.fate).tolist():
        kept = int(found.kept[row])
        assert found.fate[kept] == KEEP
        if found.fate[row] == EXACT:
            assert texts[row] == texts[kept]
            assert found.similarity[row] == 1.0
        else:
            expected = similarity(texts[row], texts[kept], ngram)
            assert found.similarity[row] == pytest.approx(expected)
            assert expected >= threshold

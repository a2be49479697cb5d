"""Counts of documents by group, length and outcome."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.retention.tally import (
    CLASSES,
    Population,
    classes_of,
    length_classes,
    mention_pairs,
    moments,
    outcomes_of,
    tally,
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        ([7], [0]),
        ([5, 5, 5, 5], [0, 0, 0, 0]),
        (range(10), range(10)),
        ([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], range(9, -1, -1)),
        (range(20), [n // 2 for n in range(20)]),
        # Equal lengths stay together, and the classes that they fill are skipped.
        ([1] * 6 + [2] * 4, [0] * 6 + [6] * 4),
    ],
)
def test_classes_of_length(words: list[int], expected: list[int]) -> None:
    lengths = np.array(words, np.int64)
    every = np.ones(len(lengths), np.bool_)
    found = length_classes(lengths, every)
    assert found.tolist() == list(expected)
    assert (found < CLASSES).all()


def test_only_members_make_classes() -> None:
    words = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1000, 1000, 1000], np.int64)
    found = length_classes(words, words < 1000)
    assert found.tolist() == [*range(10), 9, 9, 9]


def test_each_language_has_classes_of_its_own() -> None:
    words = np.array([*range(10), *range(100, 110), 5, 5], np.int64)
    languages = np.repeat([1, 0, -1], [10, 10, 2])
    found = classes_of(words, languages)
    assert found.tolist() == [*range(10, 20), *range(10), 0, 0]
    assert classes_of(words[:0], languages[:0]).tolist() == []


def test_mentions_become_counts_of_documents() -> None:
    texts = ["she saw her mother", "he saw her", "it rained", "kare wa", "he he he"]
    languages = ["en", "en", "en", "tlh", "en"]
    lexicons = load_lexicons(DemographicsConfig(axes=("gender",)))
    mentions, _ = count_mentions(pa.array(texts), pa.array(languages), lexicons)
    names = lexicons.groups
    some = Population(
        names,
        lambda: mention_pairs(mentions),
        mentions.covered,
        np.array([0, 1, 0, 0, 1]),
        np.ones((len(names), 1), np.bool_),
    )
    found = tally(some, np.array([0, 1, 0, 1, 1]), 2)
    assert found.whole[:2].tolist() == [[2, 0], [0, 2]]
    assert not found.whole[2:].any()
    female, male = names.index(("gender", "female")), names.index(("gender", "male"))
    assert found.groups[female][:2].tolist() == [[1, 0], [0, 1]]
    assert found.groups[male][:2].tolist() == [[0, 0], [0, 2]]
    assert found.documents[[female, male]].tolist() == [2, 2]
    cases, individuals = found.rest(1)
    assert cases[male][:2].tolist() == [0, 0]
    assert individuals[male][:2].tolist() == [2, 0]
    sums = moments(some.among(np.array([1, 1, 0, 1, 1], bool)), np.arange(5.0))
    assert sums.whole.tolist() == [3, 5, 17]
    assert sums.groups[:, male].tolist() == [2, 5, 17]


def test_outcomes_are_codes_of_reasons() -> None:
    reason = pa.array(["erased", None, "empty", "erased"], pa.large_string())
    codes, names = outcomes_of(reason)
    assert (codes.tolist(), names) == ([2, 0, 1, 2], ["empty", "erased"])
    codes, names = outcomes_of(pa.nulls(2, pa.large_string()))
    assert (codes.tolist(), names) == ([0, 0], [])

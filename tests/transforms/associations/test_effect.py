from __future__ import annotations

import numpy as np
import pytest

from isinglass.transforms.associations.effect import associations, effect_size, unit
from isinglass.transforms.associations.measure import measure


def test_an_association_is_a_difference_of_mean_cosines() -> None:
    targets = unit(np.array([[3.0, 0.0], [1.0, 1.0]]))
    first, second = unit(np.array([[2.0, 0.0]])), unit(np.array([[0.0, 5.0]]))
    found = associations(targets, first, second)
    assert found == pytest.approx([1.0, 0.0])


def test_the_deviation_is_that_of_a_sample() -> None:
    values = np.array([3.0, 1.0, -1.0, -3.0])
    assert effect_size(values, 2) == pytest.approx(4 / np.sqrt(20 / 3))


@pytest.mark.parametrize("values", [[0.5, 0.5, 0.5, 0.5], [0.0] * 4, [0.1 + 0.2, 0.3]])
def test_without_a_difference_there_is_no_effect(values: list[float]) -> None:
    assert np.isnan(effect_size(np.array(values), len(values) // 2))


def test_many_sets_are_measured_at_once() -> None:
    values = np.random.default_rng(3).normal(size=(5, 6))
    rows = [float(effect_size(row, 3)) for row in values]
    assert effect_size(values, 3) == pytest.approx(rows)


def test_of_words_in_sentences_both_probabilities_are_told() -> None:
    generator = np.random.default_rng(5)
    flat = generator.normal(size=(16, 3, 8))
    sets = flat[:4], flat[4:8], flat[8:12], flat[12:]
    found = measure(sets, 1000, 1)
    assert found is not None
    # 70 ways to part eight words, and 2.7 million to part their sentences.
    assert (found.test.exact, found.test.partitions) == (True, 70)
    assert found.p_sentences is not None
    words = measure(tuple(one.mean(axis=1) for one in sets), 1000, 1)
    assert words is not None
    assert words.p_sentences is None


def test_words_that_are_all_alike_have_no_effect() -> None:
    same = np.ones((2, 4))
    assert measure((same, same, same, -same), 100, 1) is None

from __future__ import annotations

import numpy as np
import pytest

from isinglass.transforms.associations.effect import effect_size
from isinglass.transforms.associations.measure import measure
from isinglass.transforms.associations.random_effects import combined, drawn_effects


def test_equal_effects_have_nothing_between_them() -> None:
    found = combined(np.full(100, 0.8), 8, 8)
    variance = 16 / 64 + 0.8**2 / 32
    assert found.tau_squared == 0
    assert found.effect_size == pytest.approx(0.8)
    error = np.sqrt(variance) / 10
    assert found.high - found.low == pytest.approx(2 * 1.959964 * error)
    assert found.spread == pytest.approx((0.8, 0.8))


def test_what_differs_more_than_chance_is_between_the_sets() -> None:
    effects = np.tile([-1.5, 1.5], 50)
    found = combined(effects, 8, 8)
    # By hand: all variances are equal, so Q is the sum of squares over one of them.
    variance = 16 / 64 + 1.5**2 / 32
    heterogeneity = 100 * 1.5**2 / variance
    expected = (heterogeneity - 99) / (100 / variance - 1 / variance)
    assert found.tau_squared == pytest.approx(expected)
    assert found.effect_size == pytest.approx(0)
    assert found.p == pytest.approx(1)
    assert found.spread == pytest.approx((-1.5, 1.5))


def test_p_is_two_sided() -> None:
    up = combined(np.array([0.3, 0.5, 0.4]), 8, 8)
    down = combined(np.array([-0.3, -0.5, -0.4]), 8, 8)
    assert up.p == pytest.approx(down.p)
    z = up.effect_size / ((up.high - up.low) / (2 * 1.959964))
    assert 0.05 < up.p < 0.5
    assert z == pytest.approx(1.35, abs=0.05)


def test_one_sentence_a_word_is_the_test_of_words() -> None:
    generator = np.random.default_rng(2)
    words = generator.normal(size=(16, 6)).astype(np.float32)
    single = [[row[None] for row in words[i : i + 4]] for i in (0, 4, 8, 12)]
    found = drawn_effects(single, 7, 1)
    expected = measure((words[:4], words[4:8], words[8:12], words[12:]), 100, 1)
    assert expected is not None
    assert found == pytest.approx([expected.effect_size] * 7, abs=1e-5)


def test_sets_are_drawn_of_all_sentences_and_by_key() -> None:
    generator = np.random.default_rng(4)
    sets = [
        [generator.normal(size=(size, 6)).astype(np.float32) for size in (1, 3, 9)]
        for _ in range(4)
    ]
    found = drawn_effects(sets, 400, 1)
    assert found.shape == (400,)
    assert np.abs(found).max() <= 2
    assert len(np.unique(found.round(6))) > 300
    assert (found == drawn_effects(sets, 400, 1)).all()
    assert (found != drawn_effects(sets, 400, 2)).any()
    assert effect_size(np.array([1.0, 0, 0, -1]), 2) > 0

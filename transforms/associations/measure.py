"""One test of associations, from vectors to an effect and its probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.associations.effect import (
    Doubles,
    associations,
    effect_size,
    unit,
)
from isinglass.transforms.associations.permutation import (
    PermutationTest,
    permutation_test,
)

Sets = tuple[
    NDArray[np.floating],
    NDArray[np.floating],
    NDArray[np.floating],
    NDArray[np.floating],
]
"""Vectors of two sets of targets and two of attributes, (words, width) each; where a
word stands in several sentences, (words, sentences, width)."""


@dataclass(frozen=True)
class Association:
    """An effect, and how it stands among those of chance.

    Attributes:
        test: Words change sets, with all of their sentences.
        p_sentences: As if every sentence were drawn by itself; None of bare words.
    """

    effect_size: float
    test: PermutationTest
    p_sentences: float | None


def measure(sets: Sets, most: int, key: int) -> Association | None:
    """Measure one test; None where all words go with both attributes alike.

    Args:
        sets: None of the vectors is of zeros.
        most: Partitions that are gone through or drawn, see `permutation_test`.
        key: Of the draw.
    """
    width = sets[0].shape[-1]
    flat = [unit(one.reshape(-1, width)) for one in sets]
    values = associations(np.concatenate(flat[:2]), flat[2], flat[3])
    effect = float(effect_size(values, len(flat[0])))
    first, second = len(sets[0]), len(sets[1])
    by_word: Doubles = values.reshape(first + second, -1).mean(axis=1)
    if not np.isfinite([effect, float(effect_size(by_word, first))]).all():
        return None
    p_sentences = None
    if len(values) > len(by_word):
        sentences = permutation_test(values, len(flat[0]), most, key)
        p_sentences = sentences.p
    test = permutation_test(by_word, first, most, key)
    return Association(effect, test, p_sentences)

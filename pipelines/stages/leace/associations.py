"""Associations of words in sentences, by the run's encoder: before erasing and after.

All packaged tests are done, whatever was erased: those that are about the axis should
go down, and the others tell what went with it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isinglass.pipelines.stages.encode.evaluation.embed import load_embedder
from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.associations.effect import associations, effect_size, unit
from isinglass.transforms.associations.lists import load_tests

if TYPE_CHECKING:
    from isinglass.transforms.leace.eraser import Eraser


def association_shifts(config: EncodeConfig, eraser: Eraser) -> list[dict[str, Any]]:
    """Effect sizes of each test, `before` and `after`, on one core of a CPU.

    Tests in which all words go with both attributes alike are left out.
    """
    here = {"device": "cpu", "precision": "float32"}
    embedder = load_embedder(config.model_copy(update=here))
    tests = load_tests().all
    sets = [[one.sentences() for one in test.sets] for test in tests]
    texts = sorted({text for test in sets for one in test for text in one})
    place = {text: row for row, text in enumerate(texts)}
    before = embedder(texts)
    after = eraser.apply(before)
    told = []
    for test, sentences in zip(tests, sets, strict=True):
        rows = [[place[text] for text in one] for one in sentences]
        pair = [_effect([some[one] for one in rows]) for some in (before, after)]
        if all(map(math.isfinite, pair)):
            both = {"before": pair[0], "after": pair[1]}
            told.append({"test": test.id, "title": test.title} | both)
    return told


def _effect(sets: list[NDArray[np.floating]]) -> float:
    """WEAT's effect size over sentences: two sets of targets, two of attributes."""
    first, second, *attributes = map(unit, sets)
    values = associations(np.concatenate([first, second]), *attributes)
    return float(effect_size(values, len(first)))

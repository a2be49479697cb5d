"""`ceat`: associations of words as they stand in sentences of real texts.

Source: Guo and Caliskan, Detecting emergent intersectional biases: contextualized word
embeddings contain a distribution of human-like biases (AIES 2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from isinglass.pipelines.stages.encode.evaluation.kind import Asked, Kind, Measured
from isinglass.pipelines.stages.encode.evaluation.results import (
    Found,
    Telling,
    key_of,
    metrics,
    summary,
    told,
    too_few,
    words_of,
)
from isinglass.pipelines.stages.encode.evaluation.seat import NO_ENCODER
from isinglass.pipelines.stages.encode.evaluation.texts import check_texts, read_texts
from isinglass.pipelines.stages.encode.evaluation.weat import (
    ALIKE,
    check_tests,
    not_done,
    tests_of,
)
from isinglass.schemas.arrays import Singles
from isinglass.schemas.evaluation import (
    AssociationResult,
    FoundWords,
    RandomEffects,
)
from isinglass.transforms.associations.contexts import ContextSample
from isinglass.transforms.associations.random_effects import (
    Combined,
    combined,
    drawn_effects,
)

if TYPE_CHECKING:
    from isinglass.pipelines.stages.encode.evaluation.embed import Embedder
    from isinglass.transforms.associations.lists import Test, Tests

_TELLING = Telling(
    "ceat",
    "CEAT: words in sentences of texts",
    "where 95 of 100 sets of sentences put the effect",
    "p is of the mean over all sets, which are drawn from the same sentences of the "
    "same words: it falls with the number of sets, and says nothing of other words. A "
    "bar that reaches 0 is the more careful reading.",
)
_MOST_NAMED = 20


def _why_not(asked: Asked) -> str:
    if asked.config.encode is None:
        return NO_ENCODER
    if asked.config.associations.texts is None:
        return "associations.texts names no texts to find words in."
    return ""


def _check(asked: Asked) -> None:
    check_tests(asked)
    check_texts(asked.config.associations.texts or "")


def _measure(asked: Asked) -> Measured:
    config, tests = asked.config, tests_of(asked.config)
    own = config.associations
    known = sorted(asked.embedder.known(sorted(tests.words)))
    sample = ContextSample(known, own.contexts, config.seed)
    for doc_ids, texts in read_texts(own.texts or ""):
        sample.add(doc_ids, texts)
    vectors = _vectors(asked.embedder, sample, own.least_contexts)
    results, others = [], []
    for test in tests.all:
        words = words_of(test, vectors.__contains__)
        why = too_few(words, f"stand in {own.least_contexts} sentences or more")
        done = None if why else _one(test, vectors, own.sets, config.seed)
        if done is None:
            others.append(not_done(test, why or ALIKE))
        else:
            results.append(_result(test, words, done, vectors, (own.sets, config.seed)))
    part = summary("ceat", Found(tuple(results), tuple(others)))
    measured = told(_TELLING, part, tests)
    return replace(
        measured,
        notes={
            **asked.embedder.notes,
            "sentences of CEAT": f"{sum(map(len, vectors.values())):,}",
        },
        warnings=(*_few(tests, sample, own.least_contexts), *measured.warnings),
    )


def _few(tests: Tests, sample: ContextSample, least: int) -> list[str]:
    """Words that stand in too few sentences, with how many they stand in."""
    few = [
        f"{word} ({sample.seen(word)})"
        for word in sorted(tests.words)
        if sample.seen(word) < least
    ]
    if not few:
        return []
    shown = ", ".join(few[:_MOST_NAMED])
    more = len(few) - _MOST_NAMED
    shown += f" and {more} more" if more > 0 else ""
    told = f"{len(few)} of {len(tests.words)} words"
    line = (
        f"CEAT leaves out {told} that stand in fewer than {least} sentences: {shown}."
    )
    return [line]


def _one(
    test: Test, vectors: Mapping[str, Singles], sets: int, seed: int
) -> Combined | None:
    chosen = [
        [vectors[word] for word in one.words if word in vectors] for one in test.sets
    ]
    effects = drawn_effects(chosen, sets, key_of("ceat", test.id, seed))
    if not np.isfinite(effects).all():
        return None
    return combined(effects, len(chosen[0]), len(chosen[1]))


def _result(
    test: Test,
    words: list[FoundWords],
    done: Combined,
    vectors: Mapping[str, Singles],
    asked: tuple[int, int],
) -> AssociationResult:
    sets, seed = asked
    used = [w for one in test.sets for w in one.words if w in vectors]
    return AssociationResult(
        id=test.id,
        title=test.title,
        collection=test.collection,
        effect_size=done.effect_size,
        p=done.p,
        p_holm=done.p,
        random_effects=RandomEffects(
            sets=sets,
            seed=seed,
            low=done.low,
            high=done.high,
            spread_low=done.spread[0],
            spread_high=done.spread[1],
            tau_squared=done.tau_squared,
            contexts=min(len(vectors[word]) for word in used),
        ),
        words=words,
    )


def _vectors(
    embedder: Embedder, sample: ContextSample, least: int
) -> dict[str, Singles]:
    """Vectors of each word in its sentences, of words that stand in enough of them."""
    contexts = {word: sample.contexts(word) for word in sample.words}
    enough = {word: own for word, own in contexts.items() if len(own) >= least}
    flat = [context for own in enough.values() for context in own]
    made = embedder.in_context(flat)
    ends = np.cumsum([len(own) for own in enough.values()])
    rows = np.split(made, ends[:-1]) if enough else []
    # Of a word behind what the model sees of a sentence there is no vector.
    seen = {word: own[own.any(axis=1)] for word, own in zip(enough, rows, strict=True)}
    return {word: own for word, own in seen.items() if len(own) >= max(least, 1)}


CEAT = Kind(
    name="ceat",
    metrics=metrics("ceat"),
    why_not=_why_not,
    check=_check,
    measure=_measure,
)

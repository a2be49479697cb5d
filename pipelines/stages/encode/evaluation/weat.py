"""`weat`: associations of bare words, in word vectors or as an encoder sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

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
from isinglass.schemas.arrays import Singles
from isinglass.schemas.config.evaluation import EvaluationConfig
from isinglass.schemas.evaluation import (
    AssociationResult,
    FoundWords,
    NotDone,
    Permutations,
)
from isinglass.schemas.manifest import Model
from isinglass.transforms.associations.lists import Test, Tests, load_tests
from isinglass.transforms.associations.measure import Association, Sets, measure
from isinglass.transforms.associations.word_vectors import (
    WordVectors,
    read_word_vectors,
)

CHANCE = "where chance alone puts 95 of 100 effects of these words"
COUNTED = (
    "p is the share of partitions of the targets that give at least as much, the "
    "observed one among them; that of published tables counts those that give more."
)
_TELLING = Telling("weat", "WEAT: bare words", CHANCE, COUNTED)
ALIKE = "all words go with both attributes alike, so that there is no effect to measure"


def tests_of(config: EvaluationConfig) -> Tests:
    """The tests that a configuration asks for; raises as `load_tests` does."""
    own = config.associations
    return load_tests(own.lists, packaged=own.packaged, only=own.tests)


def check_tests(asked: Asked) -> None:
    """Refuse word lists that cannot be used."""
    tests_of(asked.config)


def result_of(
    test: Test,
    words: list[FoundWords],
    found: Association,
    seed: int,
) -> AssociationResult:
    """What `model.json` says of a test; `p_holm` is not corrected yet."""
    by = found.test
    return AssociationResult(
        id=test.id,
        title=test.title,
        collection=test.collection,
        effect_size=found.effect_size,
        p=by.p,
        p_holm=by.p,
        p_sentences=found.p_sentences,
        permutations=Permutations(
            exact=by.exact,
            partitions=by.partitions,
            greater=by.greater,
            seed=None if by.exact else seed,
            p_two_sided=by.p_two_sided,
            low=by.low,
            high=by.high,
        ),
        words=words,
    )


def not_done(test: Test, why: str) -> NotDone:
    """What is said of a test that could not be done."""
    return NotDone(id=test.id, title=test.title, why=why)


def _measure(asked: Asked) -> Measured:
    config, tests = asked.config, tests_of(asked.config)
    source = _vectors(asked, tests)
    vectors = source.vectors
    results, others = [], []
    for test in tests.all:
        words = words_of(test, vectors.__contains__)
        why = too_few(words, "have a vector")
        found = None
        if not why:
            chosen = [
                np.stack([vectors[word] for word in one.words if word in vectors])
                for one in test.sets
            ]
            sets: Sets = chosen[0], chosen[1], chosen[2], chosen[3]
            key = key_of("weat", test.id, config.seed)
            found = measure(sets, config.associations.partitions, key)
        if found is None:
            others.append(not_done(test, why or ALIKE))
        else:
            results.append(result_of(test, words, found, config.seed))
    part = summary("weat", Found(tuple(results), tuple(others)))
    measured = told(_TELLING, part, tests)
    warnings = (*source.warnings, *measured.warnings)
    return replace(
        measured, models=source.models, notes=source.notes, warnings=warnings
    )


@dataclass(frozen=True)
class _Source:
    """A vector a word, the file they are from, and what is said of them."""

    vectors: Mapping[str, Singles]
    models: tuple[Model, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def _vectors(asked: Asked, tests: Tests) -> _Source:
    """Vectors of all words that have one which is not of zeros."""
    config = asked.config
    if config.vectors is None:
        words = sorted(asked.embedder.known(sorted(tests.words)))
        made = asked.embedder(words)
        rows = {w: v for w, v in zip(words, made, strict=True) if v.any()}
        return _Source(rows, notes=asked.embedder.notes)
    path = Path(config.vectors)
    cased = sorted(word for word in tests.words if word != word.lower())
    small = {word: word.lower() for word in cased}
    read = read_word_vectors(path, tests.words | set(small.values()))
    rows = {w: v for w, v in read.vectors.items() if v.any()}
    warnings = [*read.warnings]
    if not any(word in rows for word in cased):
        again = {word: rows[low] for word, low in small.items() if low in rows}
        if again:
            rows |= again
            warnings.append(
                "The vectors know none of the words with capitals: these were looked "
                "for in small letters."
            )
    model = Model(name=path.name, role="word vectors", sha256=read.sha256)
    return _Source(rows, (model,), _notes(read), tuple(warnings))


def _notes(read: WordVectors) -> dict[str, str]:
    return {"width": str(read.width), "words in the file": f"{read.words_in_file:,}"}


WEAT = Kind(
    name="weat",
    metrics=metrics("weat"),
    why_not=lambda _: "",
    check=check_tests,
    measure=_measure,
)

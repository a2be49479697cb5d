"""`seat`: associations of words in sentences that say next to nothing.

Source: May, Wang, Bordia, Bowman and Rudinger, On measuring social biases in sentence
encoders (NAACL 2019). Words change sets with all of their sentences: these are no
independent draws, and where each counts as one, chance looks rarer than it is.
"""

from __future__ import annotations

from dataclasses import replace

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
from isinglass.pipelines.stages.encode.evaluation.weat import (
    ALIKE,
    CHANCE,
    COUNTED,
    check_tests,
    not_done,
    result_of,
    tests_of,
)
from isinglass.transforms.associations.measure import Sets, measure

_WORDS_MOVE = (
    "Words change sets with all of their sentences. As if every sentence were drawn by "
    "itself, which makes chance look rarer, is `p_sentences` in model.json."
)
_TELLING = Telling(
    "seat", "SEAT: words in bleached sentences", CHANCE, f"{COUNTED} {_WORDS_MOVE}"
)
UNKNOWN = "are known to the tokenizer"
NO_ENCODER = "word vectors have no sentences; it needs an encoder."


def _why_not(asked: Asked) -> str:
    return "" if asked.config.encode is not None else NO_ENCODER


def _measure(asked: Asked) -> Measured:
    config, tests = asked.config, tests_of(asked.config)
    known = asked.embedder.known(sorted(tests.words))
    texts = sorted(
        {s for test in tests.all for one in test.sets for s in one.sentences(known)}
    )
    vectors = asked.embedder(texts)
    place = {text: row for row, text in enumerate(texts)}
    results, others = [], []
    for test in tests.all:
        words = words_of(test, known.__contains__)
        why, found = too_few(words, UNKNOWN), None
        if not why:
            chosen = [
                vectors[[place[text] for text in one.sentences(known)]].reshape(
                    told_words.found, len(one.templates), -1
                )
                for one, told_words in zip(test.sets, words, strict=True)
            ]
            sets: Sets = chosen[0], chosen[1], chosen[2], chosen[3]
            key = key_of("seat", test.id, config.seed)
            found = measure(sets, config.associations.partitions, key)
        if found is None:
            others.append(not_done(test, why or ALIKE))
        else:
            results.append(result_of(test, words, found, config.seed))
    part = summary("seat", Found(tuple(results), tuple(others)))
    return replace(told(_TELLING, part, tests), notes=asked.embedder.notes)


SEAT = Kind(
    name="seat",
    metrics=metrics("seat"),
    why_not=_why_not,
    check=check_tests,
    measure=_measure,
)

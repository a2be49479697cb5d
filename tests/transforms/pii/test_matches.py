from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st
from presidio_analyzer import EntityRecognizer, RecognizerResult

from isinglass.transforms.pii.recognizers import Match, without_contained

SPAN = st.tuples(st.integers(0, 12), st.integers(1, 6), st.sampled_from([0.2, 0.5, 1]))


def match(start: int, end: int, score: float = 0.5) -> Match:
    return Match(start, end, score, "rule", None)


def test_the_longer_and_the_surer_stay() -> None:
    whole, inner, sure, other = (
        match(0, 10),
        match(2, 5),
        match(3, 4, 0.9),
        match(8, 12),
    )
    assert without_contained([inner, other, whole, sure]) == [sure, whole, other]
    assert without_contained([whole, whole]) == [whole]
    assert without_contained([]) == []


@given(st.lists(SPAN, max_size=14))
def test_equal_to_presidio(spans: list[tuple[int, int, float]]) -> None:
    made = [match(start, start + size, score) for start, size, score in spans]
    theirs = EntityRecognizer.remove_duplicates(
        [RecognizerResult("X", m.start, m.end, m.score) for m in made]
    )
    expected = sorted((r.start, r.end, r.score) for r in theirs)
    assert sorted(m[:3] for m in without_contained(made)) == expected


def test_thousands_of_matches_take_no_longer_each() -> None:
    def seconds(count: int) -> float:
        made = [match(3 * n, 3 * n + 2) for n in range(count)]
        began = time.process_time()
        assert len(without_contained(made)) == count
        return time.process_time() - began

    seconds(2_000)
    # Linear would be 16 times as long, quadratic 256 times.
    assert seconds(64_000) < 64 * max(seconds(4_000), 1e-3)

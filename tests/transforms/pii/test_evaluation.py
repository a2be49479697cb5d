from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.evaluation import (
    ANY_OVERLAP,
    EXACT,
    IGNORED,
    Labels,
    Score,
    Span,
    match_spans,
    total,
)

KINDS = ("A", "B")


def spans(*given: tuple[int, int, int, str]) -> list[Span]:
    return [Span(*one) for one in given]


@pytest.mark.parametrize(
    ("gold", "predicted", "overlap", "strict"),
    [
        # The same span; one that shares a character; one that only touches.
        ([(0, 2, 5, "A")], [(0, 2, 5, "A")], (1, 1, 1, 1), (1, 1, 1, 1)),
        ([(0, 2, 5, "A")], [(0, 4, 9, "A")], (1, 1, 1, 1), (1, 0, 1, 0)),
        ([(0, 2, 5, "A")], [(0, 5, 9, "A")], (1, 0, 1, 0), (1, 0, 1, 0)),
        # Another record, another entity.
        ([(0, 2, 5, "A")], [(1, 2, 5, "A")], (1, 0, 1, 0), (1, 0, 1, 0)),
        ([(0, 2, 5, "A")], [(0, 2, 5, "B")], (1, 0, 0, 0), (1, 0, 0, 0)),
        # Two of one, one of two.
        (
            [(0, 0, 3, "A"), (0, 4, 7, "A")],
            [(0, 0, 7, "A")],
            (2, 2, 1, 1),
            (2, 0, 1, 0),
        ),
        (
            [(0, 0, 7, "A")],
            [(0, 0, 3, "A"), (0, 4, 7, "A")],
            (1, 1, 2, 2),
            (1, 0, 2, 0),
        ),
        # Touching ignored labels only, and ignored ones beside others.
        ([(0, 2, 5, IGNORED)], [(0, 4, 6, "A")], (0, 0, 0, 0), (0, 0, 0, 0)),
        (
            [(0, 2, 5, IGNORED), (0, 5, 8, "B")],
            [(0, 4, 6, "A")],
            (0, 0, 1, 0),
            (0, 0, 1, 0),
        ),
        ([], [(3, 4, 6, "A")], (0, 0, 1, 0), (0, 0, 1, 0)),
        ([(3, 4, 6, "A")], [], (1, 0, 0, 0), (1, 0, 0, 0)),
        ([], [], (0, 0, 0, 0), (0, 0, 0, 0)),
    ],
)
def test_matching(
    gold: list[tuple[int, int, int, str]],
    predicted: list[tuple[int, int, int, str]],
    overlap: tuple[int, int, int, int],
    strict: tuple[int, int, int, int],
) -> None:
    for how, expected in ((ANY_OVERLAP, overlap), (EXACT, strict)):
        matches = match_spans(spans(*gold), spans(*predicted), KINDS, how)
        assert list(matches) == ["A", "B"]
        assert matches["A"].score == Score(*expected)


def test_misses_and_false_hits_are_positions() -> None:
    gold = spans((0, 0, 3, "B"), (0, 4, 7, "A"), (1, 4, 7, "A"))
    predicted = spans((0, 0, 3, "A"), (1, 5, 6, "A"), (1, 0, 2, "B"))
    matches = match_spans(gold, predicted, KINDS)
    assert (matches["A"].misses, matches["A"].false_hits) == ([1], [0])
    assert (matches["B"].misses, matches["B"].false_hits) == ([0], [2])
    assert total(matches) == Score(3, 1, 3, 1)


def test_measures() -> None:
    score = Score(gold=10, found=8, predicted=16, right=4)
    assert (score.precision, score.recall, score.false_hits) == (0.25, 0.8, 12)
    assert score.f(1) == pytest.approx(2 * 0.25 * 0.8 / 1.05)
    assert score.f(2) == pytest.approx(5 * 0.25 * 0.8 / (4 * 0.25 + 0.8))
    # Wilson (1927) by the formula, n = 10, p = 0.8.
    assert score.interval("recall") == pytest.approx((0.4901625, 0.9433178), abs=1e-6)
    assert score.interval("precision")[0] < 0.25 < score.interval("precision")[1]
    assert (Score().precision, Score().recall, Score().f(1)) == (None, None, None)
    assert Score(1, 0, 1, 0).f(2) == 0.0


SPAN = st.builds(
    lambda record, start, length, entity: Span(record, start, start + length, entity),
    st.integers(0, 2),
    st.integers(0, 9),
    st.integers(1, 4),
    st.sampled_from(["A", "B", IGNORED]),
)


@given(st.lists(SPAN, max_size=8), st.lists(SPAN, max_size=8))
def test_overlap_agrees_with_the_definition(
    gold: list[Span], found: list[Span]
) -> None:
    predicted = [span for span in found if span.entity != IGNORED]

    def meet(one: Span, other: Span) -> bool:
        same = one.record == other.record
        return same and one.start < other.end and other.start < one.end

    def counts(span: Span) -> bool:
        met = [g for g in gold if meet(g, span)]
        return not met or any(g.entity != IGNORED for g in met)

    own = [g for g in gold if g.entity == "A"]
    hits = [p for p in predicted if p.entity == "A" and counts(p)]
    score = match_spans(gold, predicted, KINDS)["A"].score
    assert score.gold == len(own)
    assert score.predicted == len(hits)
    assert score.found == sum(any(meet(g, p) for p in hits) for g in own)
    assert score.right == sum(any(meet(g, p) for g in own) for p in hits)


@pytest.mark.parametrize(
    ("label", "entity"),
    [
        ("PER", "PERSON"),
        ("B-per", "PERSON"),
        ("PERSON", "PERSON"),
        ("LEGAL_PROFESSIONAL", "PERSON"),
        ("GPE", "LOCATION"),
        ("DOMAIN_NAME", "URL"),
        ("BANK_CARD", "CREDIT_CARD"),
        ("AGE", IGNORED),
        ("Ticket", "Ticket"),  # an entity of the user, in any case
        ("I-ORG", "ORGANIZATION"),
        ("HOBBY", None),
        ("B-", None),
    ],
)
def test_what_labels_stand_for(label: str, entity: str | None) -> None:
    assert Labels.of(["PERSON", "Ticket"]).entity(label) == entity


def test_a_user_maps_and_ignores_labels() -> None:
    labels = Labels.of([], ["hobby=Ticket", "AGE = PERSON"], ["PER", "hobby"])
    assert labels.entity("HOBBY") == "Ticket"
    assert labels.entity("AGE") == "PERSON"
    assert labels.entity("PER") == IGNORED
    for wrong in ("PER", "=PERSON", "PER= "):
        with pytest.raises(ConfigError, match="write LABEL=ENTITY"):
            Labels.of([], [wrong])

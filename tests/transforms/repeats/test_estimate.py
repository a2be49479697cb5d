"""The ratio estimator, its interval, and the rows made of it."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.transforms.repeats.estimate import (
    Estimate,
    Sample,
    estimate_ratio,
    repeat_rows,
)

if TYPE_CHECKING:
    from isinglass.schemas.statistic import Statistic


def numbers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def wilson_by_hand(share: float, size: float) -> tuple[float, float]:
    z = 1.959963984540054
    centre = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z * sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    half /= 1 + z**2 / size
    return centre - half, centre + half


@pytest.mark.parametrize(
    ("parts", "wholes", "population", "share", "size"),
    [
        # Residuals of 2.5 each: variance (1/2) (4/3) 25 / 20^2 = 1/24 implies a size
        # of (1/4) / (1/24) = 6; equal wholes would leave 4 / (1/2) = 8.
        (numbers(0, 5, 0, 5), numbers(5, 5, 5, 5), 8, 0.5, 6.0),
        # Parts that hardly vary: what counts are the wholes, 20^2 / 150 / (3/4).
        (numbers(1, 4, 1), numbers(5, 10, 5), 12, 0.3, 400 / 150 / 0.75),
        # Parts that do not vary at all: 3 / (1 - 3/4).
        (numbers(1, 1, 1), numbers(4, 4, 4), 4, 0.25, 12.0),
    ],
)
def test_intervals_worked_out_by_hand(
    parts: np.ndarray, wholes: np.ndarray, population: int, share: float, size: float
) -> None:
    found = estimate_ratio(parts, wholes, population)
    assert found is not None
    assert found.value == share
    expected = wilson_by_hand(share, size)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("parts", "wholes", "population", "expected"),
    [
        # All documents are in the sample: there is no sampling error.
        (numbers(1, 4), numbers(5, 5), 2, Estimate(0.5, 0.5, 0.5)),
        (numbers(0, 0), numbers(5, 5), 2, Estimate(0.0, 0.0, 0.0)),
        (numbers(2), numbers(5), 1, Estimate(0.4, 0.4, 0.4)),
        # One document says nothing of how others differ.
        (numbers(2), numbers(5), 2, Estimate(0.4, 0.0, 1.0)),
        (numbers(0), numbers(5), 9, Estimate(0.0, 0.0, 1.0)),
        # Nothing to divide by.
        (numbers(0, 0), numbers(0, 0), 9, None),
        (numbers(), numbers(), 9, None),
    ],
)
def test_estimates(
    parts: np.ndarray,
    wholes: np.ndarray,
    population: int,
    expected: Estimate | None,
) -> None:
    assert estimate_ratio(parts, wholes, population) == expected


def test_no_repeat_found_is_not_no_repeat_there() -> None:
    nothing = np.zeros(100, np.int64)
    found = estimate_ratio(nothing, np.full(100, 7), 10**9)
    assert found is not None
    assert (found.value, found.low) == (0.0, 0.0)
    # Wilson: z^2 / (n + z^2).
    assert found.high == pytest.approx(0.0370, abs=1e-4)
    lengths = np.ones(100, np.int64)
    lengths[0] = 10**6
    uneven = estimate_ratio(nothing, lengths, 10**9)
    assert uneven is not None
    assert uneven.high > 0.79  # in effect, one document was seen


def test_a_sample_larger_than_its_population_is_refused() -> None:
    with pytest.raises(ValueError, match="3 documents sampled from 2"):
        estimate_ratio(numbers(1, 1, 1), numbers(2, 2, 2), 2)


@pytest.mark.parametrize(
    ("holders", "least", "most"),
    [
        pytest.param(4000, 0.93, 0.985, id="every document holds some"),
        pytest.param(60, 0.93, 1.0, id="few documents hold all"),
    ],
)
def test_intervals_cover_the_truth_about_as_often_as_they_say(
    holders: int, least: float, most: float
) -> None:
    chance = np.random.default_rng(11)
    wholes = chance.lognormal(6, 1, 4000).astype(np.int64) + 1
    parts = (wholes * chance.beta(0.1, 0.3, 4000)).astype(np.int64)
    parts[holders:] = 0
    truth = parts.sum() / wholes.sum()
    covered = 0
    for _ in range(600):
        rows = chance.choice(4000, 400, replace=False)
        found = estimate_ratio(parts[rows], wholes[rows], 4000)
        assert found is not None
        covered += found.low <= truth <= found.high
    assert least <= covered / 600 <= most


def row(rows: list[Statistic], metric: str, **columns: str) -> Statistic:
    found = [
        r
        for r in rows
        if r.metric == metric
        and (r.source, r.position) == (columns.get("source"), columns.get("position"))
    ]
    assert len(found) == 1
    return found[0]


SAMPLE = Sample(
    sources=np.array(["web", "", "web"], np.object_),
    characters=numbers(100, 50, 300),
    repeated=np.array([[10, 0, 10], [50, 50, 0], [0, 0, 0]], np.int64),
    population={"web": 2, "": 4, "books": 3},
)


def test_rows_overall_and_by_source() -> None:
    rows = repeat_rows(SAMPLE, "input")
    assert {r.when for r in rows} == {"input"}
    whole = row(rows, "repeats.share", position="any")
    assert (whole.numerator, whole.denominator) == (60, 450)
    assert whole.value == 60 / 450
    web = row(rows, "repeats.share", source="web", position="across")
    assert (web.value, web.low, web.high) == (0.025, 0.025, 0.025)
    unnamed = row(rows, "repeats.share", source="", position="within")
    assert (unnamed.value, unnamed.low, unnamed.high) == (1.0, 0.0, 1.0)
    sampled = row(rows, "repeats.sampled")
    assert (sampled.numerator, sampled.denominator) == (3, 9)
    # Of books nothing was sampled: that is said, and nothing else.
    books = [r for r in rows if r.source == "books"]
    assert [(r.metric, r.value) for r in books] == [("repeats.sampled", 0.0)]


def test_sources_beyond_the_most_frequent_are_one_slice() -> None:
    names = np.array([f"s{number:03}" for number in range(250)], np.object_)
    sample = Sample(
        names,
        np.ones(250, np.int64),
        np.zeros((250, 3), np.int64),
        {str(name): 300 - number for number, name in enumerate(names)},
    )
    rows = repeat_rows(sample, "output")
    rest = row(rows, "repeats.sampled", source="(other)")
    assert rest.numerator == 50
    assert rest.denominator == sum(300 - number for number in range(200, 250))
    assert len({r.source for r in rows}) == 202


def test_an_empty_corpus_has_no_rows() -> None:
    empty = Sample(np.array([], np.object_), numbers(), np.zeros((0, 3), np.int64), {})
    assert repeat_rows(empty, "output") == []

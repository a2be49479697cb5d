from __future__ import annotations

from typing import Any

import pytest

from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.recall import (
    few_copies,
    is_measured,
    recall_gates,
    recall_statistics,
    slices,
    told_counts,
)
from isinglass.transforms.statistics.gates import evaluate_gates
from isinglass.transforms.statistics.intervals import wilson

COUNTS = {
    "deletion|0.8-0.85": [6, 5],
    "deletion|contained": [1, 0],
    "order|0.75-0.8": [4, 3],
    "order|below": [2, 1],
}


def test_shares_by_edit_and_similarity() -> None:
    rows = recall_statistics(COUNTS, DedupConfig())
    told = [
        (
            row.metric.removeprefix("dedup."),
            row.axis,
            row.group,
            row.position,
            row.numerator,
            row.denominator,
        )
        for row in rows
    ]
    assert told == [
        ("missed", None, None, None, 1, 6),
        ("false_removals", None, None, None, 1, 2),
        ("false_removals", "edit", "order", None, 1, 2),
        ("recall", None, None, None, 8, 11),
        ("recall", "edit", "deletion", None, 5, 7),
        ("recall", "edit", "order", None, 3, 4),
        ("recall", "similarity", "0.75-0.8", None, 3, 4),
        ("recall", "similarity", "0.8-0.85", None, 5, 6),
        ("recall", "similarity", "contained", None, 0, 1),
        ("recall", "edit", "deletion", "0.8-0.85", 5, 6),
        ("recall", "edit", "deletion", "contained", 0, 1),
        ("recall", "edit", "order", "0.75-0.8", 3, 4),
    ]
    for row in rows:
        assert row.numerator is not None
        assert row.denominator is not None
        assert row.value == row.numerator / row.denominator
        assert (row.low, row.high) == wilson(row.numerator, row.denominator)


def test_counts_are_told_by_the_statistics() -> None:
    assert told_counts(recall_statistics(COUNTS, DedupConfig())) == COUNTS
    assert told_counts([]) == {}


def test_of_nothing_nothing_is_missed() -> None:
    rows = recall_statistics({}, DedupConfig())
    assert [(row.metric, row.value) for row in rows] == [
        ("dedup.missed", 0.0),
        ("dedup.false_removals", 0.0),
    ]
    assert all((row.low, row.high) == (0.0, 1.0) for row in rows)
    assert all(g.passed for g in evaluate_gates(recall_gates(DedupConfig()), rows))


@pytest.mark.parametrize(
    ("counts", "passed"),
    [
        ({"order|0.8-0.85": [100, 95]}, [True, True]),
        ({"order|0.8-0.85": [100, 94]}, [False, True]),
        # At the threshold some are missed by design.
        ({"order|0.75-0.8": [100, 20], "order|contained": [100, 1]}, [True, True]),
        ({"order|below": [1000, 1]}, [True, False]),
    ],
)
def test_gates_warn(counts: dict[str, list[int]], passed: list[bool]) -> None:
    gates = recall_gates(DedupConfig())
    found = evaluate_gates(gates, recall_statistics(counts, DedupConfig()))
    assert [gate.passed for gate in found] == passed
    assert {gate.severity for gate in found} == {"warning"}


@pytest.mark.parametrize(
    ("section", "measured"),
    [
        ({}, True),
        ({"canaries": {"documents": 5}}, True),
        ({"canaries": {"documents": 0}}, False),
        ({"fuzzy": False}, False),
        (None, False),
    ],
)
def test_when_copies_are_made(
    section: dict[str, Any] | None, *, measured: bool
) -> None:
    dedup = None if section is None else DedupConfig(**section)
    assert is_measured(dedup) == measured
    assert len(recall_gates(dedup)) == 2 * measured


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (0.75, ["0.75-0.8", "0.8-0.85", "0.85-0.9", "0.9-0.95", "0.95-1"]),
        (0.88, ["0.88-0.93", "0.93-0.98", "0.98-1"]),
        (0.95, ["0.95-1"]),
        (0.97, ["0.97-1"]),
        (1.0, ["1-1"]),
    ],
)
def test_slices_begin_at_the_threshold(threshold: float, expected: list[str]) -> None:
    found = slices(threshold)
    assert [*found] == expected
    assert next(iter(found.values())) == threshold


@pytest.mark.parametrize(
    ("counts", "dedup", "warned"),
    [
        ({"order|0.75-0.8": [30, 3]}, DedupConfig(), None),
        ({"order|0.75-0.8": [29, 29], "order|below": [50, 0]}, DedupConfig(), 29),
        ({}, DedupConfig(), 0),
        ({}, DedupConfig(fuzzy=False), None),
        ({}, DedupConfig.model_validate({"canaries": {"documents": 0}}), None),
    ],
)
def test_too_few_copies_are_warned_of(
    counts: dict[str, list[int]], dedup: DedupConfig, warned: int | None
) -> None:
    found = few_copies(dedup, recall_statistics(counts, dedup))
    assert [line.split()[1] for line in found] == [str(warned)] * (warned is not None)
    assert few_copies(None, []) == []

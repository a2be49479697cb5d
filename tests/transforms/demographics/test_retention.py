from __future__ import annotations

import numpy as np
import pytest

from isinglass.transforms.demographics.retention import (
    GroupDocuments,
    group_documents,
    removal,
    retention,
)

FEMALE, MALE = ("gender", "female"), ("gender", "male")
BEFORE = GroupDocuments(1000, {FEMALE: 200, MALE: 500})


def test_documents_are_counted_where_the_language_is_covered() -> None:
    counts = np.array([[1, 0], [2, 3], [0, 0], [9, 9]], np.int32)
    covered = np.array([True, True, True, False])
    found = group_documents(counts, covered)
    assert found == GroupDocuments(3, {FEMALE: 2, MALE: 1})


def test_retention() -> None:
    after = GroupDocuments(800, {FEMALE: 100, MALE: 450})
    rows = {
        (row.metric, row.group): (row.value, row.numerator, row.denominator)
        for row in retention(BEFORE, after)
    }
    assert rows == {
        ("group.retention", None): (0.8, 800, 1000),
        ("group.retention", "female"): (0.5, 100, 200),
        ("group.retention_ratio", "female"): (0.625, 0.5, 0.8),
        ("group.retention", "male"): (0.9, 450, 500),
        ("group.retention_ratio", "male"): (1.125, 0.9, 0.8),
    }
    female = retention(BEFORE, after)[1]
    assert (female.low, female.high) == pytest.approx((0.4313609, 0.5686391), abs=1e-7)


def test_retention_of_nothing() -> None:
    assert retention(GroupDocuments(0, {FEMALE: 0}), GroupDocuments(0, {})) == []
    none_left = retention(BEFORE, GroupDocuments(0, {}))
    assert {row.metric for row in none_left} == {"group.retention"}
    with pytest.raises(ValueError, match="1001 successes in 1000 trials"):
        retention(BEFORE, GroupDocuments(1001, {}))


def test_removal_by_reason() -> None:
    removed = {
        "near_duplicate": GroupDocuments(100, {FEMALE: 40, MALE: 50}),
        "empty": GroupDocuments(10, {}),
    }
    found = removal(BEFORE, removed)
    shares = {
        (row.reason, row.group): row.value
        for row in found
        if row.metric == "group.removed_share"
    }
    assert shares == {
        ("empty", "female"): 0.0,
        ("empty", "male"): 0.0,
        ("near_duplicate", "female"): 0.2,
        ("near_duplicate", "male"): 0.1,
    }
    ratios = {row.group: row for row in found if row.metric == "group.removal_ratio"}
    assert {row.reason for row in ratios.values()} == {"near_duplicate"}
    female = ratios["female"]
    # 40/200 against 60/800; log error sqrt(1/40 - 1/200 + 1/60 - 1/800)
    assert female.value == pytest.approx(0.2 / 0.075)
    assert female.low == pytest.approx(1.8441, abs=1e-4)
    assert female.high == pytest.approx(3.8562, abs=1e-4)

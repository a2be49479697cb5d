from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pytest

from isinglass.pipelines.stages.pii import recall as misses
from isinglass.pipelines.stages.pii.second_scan import (
    count_hits,
    scans_twice,
    second_scan_statistics,
    summarise,
)
from isinglass.schemas.config.pii import PiiConfig
from isinglass.schemas.manifest import FindingCount
from isinglass.schemas.tables import DATA
from isinglass.transforms.pii.second_scan.scan import SecondScanner

FOUND = {"US_SSN": 30, "IBAN_CODE": 4, "CRYPTO": 9}
COUNTS = {
    "US_SSN|en|start|web": [10, 9, 1],
    "US_SSN|de|start|a|b": [10, 3, 0],
    "IBAN_CODE|en|table|web": [4, 0, 0],
}


def test_recall_adds_up_along_every_axis() -> None:
    whole = misses.recall_by_entity(COUNTS)
    assert (whole["US_SSN"].planted, whole["US_SSN"].found) == (20, 12)
    assert whole["US_SSN"].found_as_other == 1
    parts = {
        (s.entity, s.by, s.name): (s.planted, s.found)
        for s in misses.recall_slices(COUNTS)
    }
    assert parts == {
        ("US_SSN", "position", "start"): (20, 12),
        ("US_SSN", "language", "en"): (10, 9),
        ("US_SSN", "language", "de"): (10, 3),
        ("US_SSN", "source", "web"): (10, 9),
        ("US_SSN", "source", "a|b"): (10, 3),
        ("IBAN_CODE", "position", "table"): (4, 0),
        ("IBAN_CODE", "language", "en"): (4, 0),
        ("IBAN_CODE", "source", "web"): (4, 0),
    }
    rows = misses.recall_statistics(COUNTS)
    assert len(rows) == 2 + len(parts) + 3
    assert {row.value for row in rows if row.position == "table"} == {0.0}


@pytest.mark.parametrize(
    ("found", "expected"),
    [(27, 18.0), (0, 0.0)],
)
def test_leftovers_follow_from_findings_and_recall(found: int, expected: float) -> None:
    recall = misses.recall_by_entity(COUNTS)
    findings = {"US_SSN": FindingCount(found=found, changed=found, kept=0)}
    left = misses.expected_leftovers(findings, recall)
    assert left["US_SSN"].expected == pytest.approx(expected)
    low, high = left["US_SSN"].low, left["US_SSN"].high
    assert low is not None
    assert high is not None
    assert low <= expected <= high
    # Nothing of the kind was found, so there is no estimate and no upper end.
    assert left["IBAN_CODE"].expected is None
    assert left["IBAN_CODE"].high is None


@pytest.mark.parametrize(
    ("section", "entity", "reason"),
    [
        ({"canaries": {"documents": 0}}, "CRYPTO", misses.OFF),
        ({"mode": "identifiers"}, "PERSON", misses.NO_NAMES),
        ({}, "PERSON", misses.NO_MODEL),
        ({}, "CRYPTO", misses.NO_PLACE),
        ({"entities": {"UUID": {}}}, "UUID", misses.NO_VALUES),
        ({}, "FOUND_BY_A_FILE", misses.NO_VALUES),
    ],
)
def test_what_is_not_measured_has_a_reason(
    section: dict[str, Any], entity: str, reason: str
) -> None:
    config = PiiConfig.model_validate(section)
    recall = misses.recall_by_entity(COUNTS)
    reasons = misses.not_measured(config, ["FOUND_BY_A_FILE"], recall)
    assert reasons[entity] == reason
    assert "US_SSN" not in reasons
    assert misses.not_measured(None, [], {}) == {}


def data(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    names = ("text", "language", "source", "pii")
    schema = pa.schema([DATA.field(name) for name in names])
    return pa.RecordBatch.from_pylist(rows, schema=schema)


ROWS: list[dict[str, Any]] = [
    {"text": "jo@b.com al@b.com", "language": "en-US", "source": "a|b", "pii": []},
    {"text": "jo@b.com", "language": None, "source": "by jo@b.com", "pii": []},
    {"text": "none", "language": "en", "source": "a|b", "pii": []},
]


def test_hits_are_counted_by_language_and_source_in_any_batches() -> None:
    scanner = SecondScanner.of(["EMAIL_ADDRESS", "IBAN_CODE"])
    hits = count_hits(scanner, data(ROWS))
    assert hits == {
        "hits|EMAIL_ADDRESS|en|a|b": 2,
        "documents|EMAIL_ADDRESS|en|a|b": 1,
        "hits|EMAIL_ADDRESS|und|by <EMAIL_ADDRESS>": 1,
        "documents|EMAIL_ADDRESS|und|by <EMAIL_ADDRESS>": 1,
    }
    single = Counter[str]()
    for row in reversed(ROWS):
        single.update(count_hits(scanner, data([row])))
    assert single == hits
    scan = summarise({**hits, "records_in": 3}, scanner.entities)
    assert scan.documents == 3
    assert {e: (c.hits, c.documents) for e, c in scan.entities.items()} == {
        "EMAIL_ADDRESS": (3, 2),
        "IBAN_CODE": (0, 0),
    }
    assert {(s.by, s.name): s.hits for s in scan.slices} == {
        ("language", "en"): 2,
        ("language", "und"): 1,
        ("source", "a|b"): 2,
        ("source", "by <EMAIL_ADDRESS>"): 1,
    }
    rows = second_scan_statistics(scan)
    assert len(rows) == 2 * (2 + 4)
    assert second_scan_statistics(None) == []


def test_only_runs_with_data_are_scanned_again() -> None:
    assert scans_twice(PiiConfig(), "run")
    assert not scans_twice(PiiConfig(), "audit")
    assert not scans_twice(PiiConfig(second_scan=False), "clean")
    assert not scans_twice(None, "run")


def test_leftovers_are_told_by_entity_and_in_a_million_words() -> None:
    found = {
        name: FindingCount(found=n, changed=n, kept=0) for name, n in FOUND.items()
    }
    recall = misses.recall_by_entity(COUNTS)
    left = misses.expected_leftovers(found, recall)
    rows = misses.leftover_statistics(left, 20_000.0)
    told: Any = {
        (row.metric, row.entity): (row.value, row.low, row.high) for row in rows
    }
    one = left["US_SSN"]
    # 12 of 20 are found, so 30 stand for 50; of IBAN_CODE none is, so nothing is known.
    assert told == {
        ("pii.leftovers", "US_SSN"): (pytest.approx(20.0), one.low, one.high),
        ("pii.leftovers.rate", "US_SSN"): (
            pytest.approx(1000.0),
            50 * (one.low or 0.0),
            50 * (one.high or 0.0),
        ),
    }
    assert 0 < (one.low or 0) < 20 < (one.high or 0)
    assert {row.metric for row in misses.leftover_statistics(left, 0.0)} == {
        "pii.leftovers"
    }

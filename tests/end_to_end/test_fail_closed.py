"""What cannot be scanned is not kept, and nothing is dropped for its sake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.proof.prove import prove
from isinglass.transforms.pii.detector import Detection, Detector
from tests.corpora import write_jsonl
from tests.end_to_end.test_bad_input import clean, settings

BODY = " ".join(f"word{number} stays where it was put" for number in range(40))
MARK = "unscannable"
ROWS = [
    {"id": "keeper", "text": f"{BODY} {MARK} and this makes it the longest"},
    {"id": "near", "text": f"{BODY} and a little more"},
    {"id": "nearer", "text": f"{BODY} and a little"},
    {"id": "other", "text": "Nothing like the others at all, from first to last."},
]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that fails on one document, as a crash or a timeout would."""
    whole = Detector.detect

    def detect(
        self: Detector, texts: pa.StringArray, languages: pa.StringArray
    ) -> Detection:
        found = whole(self, texts, languages)
        rows = pc.indices_nonzero(pc.match_substring(texts, MARK)).cast(pa.int32())
        failures = pa.RecordBatch.from_arrays(
            [
                rows,
                pa.array(["detector_error"] * len(rows), pa.string()),
                pa.array(["RuntimeError"] * len(rows), pa.string()),
            ],
            schema=found.failures.schema,
        )
        return Detection(found.findings, failures)

    monkeypatch.setattr(Detector, "detect", detect)


def ledger(folder: Path) -> dict[str, dict[str, Any]]:
    tables = [pq.read_table(path) for path in (folder / "run" / "ledger").iterdir()]
    rows = pa.concat_tables(tables).sort_by("row").to_pylist()
    return {ROWS[row["row"]]["id"]: row for row in rows}


def run(folder: Path) -> dict[str, dict[str, Any]]:
    (folder / "corpus").mkdir(exist_ok=True)
    write_jsonl(folder / "corpus" / "a.jsonl", ROWS)
    pii = {"mode": "identifiers", "canaries": {"documents": 0}}
    clean(settings(folder, dedup={}, pii=pii))
    return ledger(folder)


def test_without_a_failure_the_longest_stays(tmp_path: Path) -> None:
    rows = run(tmp_path)
    assert rows["keeper"]["outcome"] == "kept"
    assert rows["near"]["kept_doc_id"] == rows["keeper"]["doc_id"]
    assert rows["nearer"]["kept_doc_id"] == rows["keeper"]["doc_id"]


def test_a_lost_keeper_gives_its_duplicates_back(tmp_path: Path, failing: None) -> None:
    rows = run(tmp_path)
    assert rows["keeper"]["outcome"] == "quarantined"
    assert rows["keeper"]["reason"] == "detector_error"
    assert rows["near"]["outcome"] == "kept"
    assert rows["nearer"]["outcome"] == "dropped"
    assert rows["nearer"]["kept_doc_id"] == rows["near"]["doc_id"]
    assert rows["other"]["outcome"] == "kept"
    failed = [check for check in prove(tmp_path / "run") if check.status == "failed"]
    assert failed == []


def test_the_unscanned_text_is_only_in_quarantine(
    tmp_path: Path, failing: None
) -> None:
    run(tmp_path)
    for path in (tmp_path / "run" / "data").iterdir():
        texts = pq.read_table(path, columns=["text"])["text"].to_pylist()
        assert not any(MARK in text for text in texts)
    raw = [
        value
        for path in (tmp_path / "run" / "quarantine").iterdir()
        for value in pq.read_table(path)["raw"].to_pylist()
    ]
    assert [value.decode() for value in raw] == [ROWS[0]["text"]]

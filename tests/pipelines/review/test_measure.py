"""Samples, marks and what follows from them, over tables of a run made by hand."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.explain.folder import RunFolder
from isinglass.pipelines.review.choose import Choice, choose
from isinglass.pipelines.review.marks import MarksFile, merged, read_marks
from isinglass.pipelines.review.measure import measure
from isinglass.pipelines.review.told import review_statistics, review_warnings
from isinglass.schemas.errors import InputError
from isinglass.schemas.marks import Mark
from isinglass.transforms.read.identity import doc_ids
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHA = "ab" * 32
INPUT = {"source": "web", "path": "a.jsonl", "sha256": SHA}
DOCUMENTS = 40
IDS = doc_ids("web", "a.jsonl", np.arange(DOCUMENTS)).to_pylist()
Found = tuple[int, int, int, str]
"""Row of the document, start, end and entity of a finding."""

NAMES = [(row, 10, 14, "PERSON") for row in range(DOCUMENTS)]


def a_run(
    folder: Path, found: Sequence[Found], removed: Sequence[tuple[int, float]] = ()
) -> RunFolder:
    """A folder with a ledger and findings in texts of 3,000 characters."""
    near = dict(removed)
    for name in ("ledger", "findings"):
        (folder / name).mkdir(parents=True)
    rows = range(DOCUMENTS)
    ledger: dict[str, Any] = {
        "doc_id": IDS,
        "path": ["a.jsonl"] * DOCUMENTS,
        "row": list(rows),
        "outcome": ["dropped" if row in near else "kept" for row in rows],
        "reason": ["near_duplicate" if row in near else None for row in rows],
        "kept_doc_id": [IDS[0] if row in near else None for row in rows],
        "kept_in": pa.nulls(DOCUMENTS, pa.string()),
        "similarity": pa.array([near.get(row) for row in rows], pa.float64()),
        "chars_in": pa.array([3_000] * DOCUMENTS, pa.int64()),
    }
    pq.write_table(pa.table(ledger), folder / "ledger" / "a.parquet")
    count = len(found)
    table = {
        "doc_id": pa.array([IDS[row] for row, *_ in found], pa.string()),
        "start": pa.array([one[1] for one in found], pa.int32()),
        "end": pa.array([one[2] for one in found], pa.int32()),
        "entity": pa.array([one[3] for one in found], pa.string()),
        "value_key": pa.array([str(one[0] % 3) for one in found], pa.string()),
        "operator": pa.array(["replace"] * count, pa.string()),
        "detector": pa.array(["d"] * count, pa.string()),
        "rule": pa.array(["r"] * count, pa.string()),
        "validated": pa.nulls(count, pa.bool_()),
        "base_score": pa.array([0.5] * count, pa.float64()),
        "score": pa.array([0.5] * count, pa.float64()),
        "context": pa.nulls(count, pa.string()),
    }
    pq.write_table(pa.table(table), folder / "findings" / "a.parquet")
    manifest = {"run_id": "r", "inputs": [INPUT], "config": {"dedup": {}}}
    return RunFolder(folder, manifest)


def mark(document: int, said: str, **values: Any) -> Mark:
    told = {
        "kind": "finding",
        "label": "PERSON",
        "doc_id": IDS[document],
        "source": "web",
        "path": "a.jsonl",
        "row": document,
        "file_sha256": SHA,
        "start": 10,
        "end": 14,
        "mark": said,
        "drawn": [0],
    }
    return Mark.model_validate(told | values)


def given(*marks: Mark) -> MarksFile:
    return MarksFile("m.jsonl", "cd" * 32, {one.key: one for one in marks})


def rows_of(table: pa.Table) -> list[int]:
    return [IDS.index(name) for name in table["doc_id"].to_pylist()]


def drawn_first(run: RunFolder, count: int, seed: int = 0) -> list[int]:
    chosen = choose(run, Choice("finding", ("PERSON",), count=count, seed=seed))
    return rows_of(chosen)


def test_a_sample_comes_again_and_grows(tmp_path: Path) -> None:
    one = a_run(tmp_path / "one", NAMES)
    few, many = drawn_first(one, 5), drawn_first(one, 12)
    assert (len(few), len(many)) == (5, 12)
    assert many[:5] == few
    assert drawn_first(one, 12, seed=1) != many
    # What else is found does not matter.
    more = [*NAMES, *((row, 50, 60, "CREDIT_CARD") for row in range(DOCUMENTS))]
    assert drawn_first(a_run(tmp_path / "two", more[::-1]), 12) == many


def test_every_place_is_drawn_as_often(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", NAMES)
    seen = np.zeros(DOCUMENTS)
    for seed in range(200):
        seen[drawn_first(run, 10, seed)] += 1
    # 200 draws of 1/4: mean 50, standard deviation 6.1.
    assert seen.sum() == 2_000
    assert 25 < seen.min() <= seen.max() < 75


def test_an_unknown_entity_is_refused(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", NAMES)
    with pytest.raises(InputError, match="no finding of EMAIL; it has those of PERSON"):
        choose(run, Choice("finding", ("EMAIL",)))


def test_frequent_values_come_first_with_their_counts(tmp_path: Path) -> None:
    found = choose(
        a_run(tmp_path / "run", NAMES), Choice("finding", by="value", count=2)
    )
    assert found.select(["value", "count", "documents"]).to_pylist() == [
        {"value": "0", "count": 14, "documents": 14},
        {"value": "1", "count": 13, "documents": 13},
    ]


def test_duplicates_near_the_threshold_come_first(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", [], [(3, 0.99), (7, 0.76), (9, 0.8)])
    assert rows_of(choose(run, Choice("removal", by="near", count=2))) == [7, 9]


def test_precision_is_of_the_marks_of_a_draw(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", NAMES)
    first = drawn_first(run, 10)
    said = ["right"] * 6 + ["wrong"] * 3 + ["unsure"]
    marks = [mark(row, one) for row, one in zip(first, said, strict=True)]
    # Chosen otherwise: it counts for nothing.
    chosen = next(row for row in range(DOCUMENTS) if row not in first)
    told = measure(run, given(*marks, mark(chosen, "wrong", drawn=[])))
    (one,) = told.judged
    assert (one.population, one.sampled, one.unmarked) == (DOCUMENTS, 10, 0)
    assert (one.right, one.wrong, one.unsure) == (6, 3, 1)
    assert (one.share, (one.low, one.high)) == (6 / 9, wilson(6, 9))
    (row,) = review_statistics(told)
    assert (row.metric, row.entity, row.reason) == ("review.precision", "PERSON", None)
    assert (row.numerator, row.denominator) == (6, 9)
    assert review_warnings(told) == []


def test_marks_hold_in_another_run_which_tells_what_is_new(tmp_path: Path) -> None:
    old = a_run(tmp_path / "old", NAMES)
    marks = [mark(row, "right") for row in drawn_first(old, 10)]
    settled = measure(a_run(tmp_path / "same", NAMES[::-1]), given(*marks)).judged[0]
    assert (settled.right, settled.unmarked) == (10, 0)
    # A run that finds more: some of it comes before the last that was marked.
    more = [*NAMES, *((row, 90, 95, "PERSON") for row in range(DOCUMENTS))]
    new = measure(a_run(tmp_path / "new", more), given(*marks))
    (one,) = new.judged
    assert 0 < one.unmarked == one.sampled - 10
    # What lies behind the first new place is a sample of the old run alone.
    assert one.right + one.behind == 10
    assert one.behind > 0
    assert f"so the {one.behind} marks behind the first" in review_warnings(new)[0]
    # And one that does not find two of them any more.
    less = [one for one in NAMES if one[0] not in (marks[0].row, marks[4].row)]
    assert measure(a_run(tmp_path / "less", less), given(*marks)).judged[0].right == 8


@pytest.mark.parametrize(
    ("places", "counted", "unmarked", "behind"),
    [
        (range(10), 10, 0, 0),
        ([0, 1, 2], 3, 0, 0),
        ([1, 2, 3], 0, 1, 3),
        ([0, 1, 3, 9], 2, 6, 2),
        ([5], 0, 5, 1),
    ],
)
def test_marks_that_were_picked_are_no_sample(
    tmp_path: Path, places: Sequence[int], counted: int, unmarked: int, behind: int
) -> None:
    run = a_run(tmp_path / "run", NAMES)
    first = drawn_first(run, 10)
    told = measure(run, given(*(mark(first[place], "right") for place in places)))
    (one,) = told.judged
    assert (one.right, one.unmarked, one.behind) == (counted, unmarked, behind)
    assert one.share == (1.0 if counted else None)
    assert len(review_statistics(told)) == (counted > 0)
    assert bool(review_warnings(told)) == (behind > 0)


@pytest.mark.parametrize(
    "values",
    [{"file_sha256": "00" * 32}, {"path": "b.jsonl"}, {"source": "x"}, {"row": 39}],
)
def test_marks_on_other_documents_do_not_count(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    run = a_run(tmp_path / "run", NAMES)
    told = measure(run, given(mark(0, "right", **values)))
    assert (told.judged, told.given, told.not_of_inputs) == ([], 1, 1)
    assert "not counted" in review_warnings(told)[0]
    with pytest.raises(InputError, match="1 of 1 marks are on documents"):
        merged(run, {}, dict(given(mark(0, "right", **values)).marks))


def test_recall_is_of_the_passages_that_were_read(tmp_path: Path) -> None:
    found = [*NAMES, (0, 20, 25, "PERSON"), (0, 2_500, 2_510, "PERSON")]
    run = a_run(tmp_path / "run", found)
    passages = choose(run, Choice("kept", count=2 * DOCUMENTS))
    assert passages.num_rows == 2 * DOCUMENTS
    whole = {"kind": "kept", "label": ""}
    misses = [{"start": s, "end": s + 4, "label": "PERSON"} for s in (30, 40)]
    said: dict[int, dict[str, Any]] = {
        0: {"said": "right"},
        1: {"said": "missed", "missed": misses},
        3: {"said": "right"},
    }
    # All passages up to the last of these are looked at; the others are unsure.
    places = [
        (IDS.index(row["doc_id"]), row["start"], row["end"])
        for row in passages.to_pylist()
    ]
    last = max(places.index((row, 0, 2_000)) for row in said)
    marks = [
        mark(row, start=start, end=end, **whole, **own)
        for row, start, end in places[: last + 1]
        for own in [{"said": "unsure"} if start else said.get(row, {"said": "unsure"})]
    ]
    # This finding is wrong, so the passage holds none.
    marks.append(mark(3, "wrong", drawn=[]))
    told = measure(run, given(*marks))
    (one,) = told.recall
    # Passage 0: two found; passage 1: one found and two missed.
    assert (one.label, one.passages, one.found, one.missed) == ("PERSON", 2, 3, 2)
    trials = 5 * 5 / (2 * 2 + 3 * 3)
    assert one.recall == 3 / 5
    assert (one.low, one.high) == wilson(3 / 5 * trials, trials)
    row = review_statistics(told)[-1]
    assert (row.metric, row.entity, row.value) == ("review.recall", "PERSON", 0.6)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "line 1 is not JSON"),
        (b"[]", "line 1 is not an object"),
        (b'{"mark": "right"}', "line 1: kind: is missing"),
        (
            b'{"mark": "right", "kind": "other"}',
            "line 1: kind: is none that `isinglass review` writes",
        ),
        (b"\xff", "line 1 is not JSON"),
    ],
)
def test_a_line_that_is_no_mark_is_refused(line: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_marks(line, "m")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": 5, "end": 2}, "`end` is less than `start`"),
        ({"row": 2**63}, "row: is none that"),
        ({"drawn": [-1]}, "drawn.0: is none that"),
        ({"kind": "sense"}, "kind: is none that"),
    ],
)
def test_a_mark_that_cannot_be_is_refused(change: dict[str, Any], said: str) -> None:
    lines = [mark(0, "right").model_dump(), mark(0, "right").model_dump() | change]
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        read_marks(content, "m")
    assert "m, line 2" in str(caught.value)
    assert "Correct that line or delete it" in str(caught.value)
    assert str(caught.value).isprintable()


def test_lines_keep_no_text_and_only_what_may_be_said() -> None:
    line = mark(0, "right").model_dump() | {"text": "Ada", "before": "by "}
    (kept,) = read_marks(json.dumps(line).encode(), "m").values()
    assert kept == mark(0, "right")
    assert read_marks(json.dumps(line | {"mark": None}).encode(), "m") == {}
    for wrong in ({"mark": "missed"}, {"kind": "kept", "mark": "wrong"}):
        with pytest.raises(InputError, match="m, line 1"):
            read_marks(json.dumps(line | wrong).encode(), "m")

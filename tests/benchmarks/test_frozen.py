from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.freezing.compare import differences, file_difference
from benchmarks.freezing.drive import chosen
from benchmarks.freezing.normal import Marks
from benchmarks.freezing.record import column_digest, record_file, record_run
from benchmarks.paired import row

if TYPE_CHECKING:
    from pathlib import Path

OLD_ID, NEW_ID = "0123456789abcdef", "fedcba9876543210"
FILE = {"sha256": "a", "rows": 2, "schema": "s", "columns": {"x": "1", "y": "2"}}


def job(**changes: Any) -> dict[str, Any]:
    run = {
        "names": ["data/a.parquet", "manifest.json"],
        "files": {"data/a.parquet": FILE},
        "manifest": {"records": "r", "gates": "g"},
        "report": "h",
    }
    answer = {"arguments": ["clean"], "code": 0, "stdout": "o", "stderr": "e"}
    return {"answers": [answer], "runs": {"run": run | changes}}


def said(**changes: Any) -> dict[str, Any]:
    found = job()
    found["answers"][0] |= changes
    return found


SKIPPED = {"skipped": "there is no corpus"}
CASES: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None, list[str]]] = {
    "equal": (job(), job(), []),
    "both skipped": (SKIPPED, SKIPPED, []),
    "skipped once": (job(), SKIPPED, ["j: was skipped in the new list alone"]),
    "lost": (job(), None, ["j: is only in the old list"]),
    "new": (None, job(), ["j: is only in the new list"]),
    "exit code": (job(), said(code=3), ["j: `clean`: exit code 0 became 3"]),
    "answer": (
        job(),
        said(stdout="p", stderr="f"),
        ["j: `clean`: stdout and stderr differ"],
    ),
    "another command": (
        job(),
        said(arguments=["run"], code=2),
        ["j: `clean` became `run`"],
    ),
    "fewer commands": (
        job(),
        job() | {"answers": []},
        ["j: 1 command lines became 0"],
    ),
    "a run less": (job(), job() | {"runs": {}}, ["j: run: is only in the old list"]),
    "names": (
        job(),
        job(names=["data/b.parquet", "manifest.json"], files={}),
        ["j: run: data/a.parquet is gone", "j: run: data/b.parquet is new"],
    ),
    "a column": (
        job(),
        job(
            files={"data/a.parquet": FILE | {"sha256": "b", "columns": {"x": "1"}}},
        ),
        ["j: run: data/a.parquet: columns differ: y"],
    ),
    "a key and the report": (
        job(),
        job(manifest={"records": "r", "gates": "other"}, report="i"),
        ["j: run: manifest.json: gates differ", "j: run: report.html differs"],
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_differences(name: str) -> None:
    old, new, expected = CASES[name]
    lists = [{"jobs": {} if found is None else {"j": found}} for found in (old, new)]
    assert differences(*lists) == expected


def test_only_what_was_asked_for_is_compared() -> None:
    old = {"jobs": {"i": job(), "j": job()}}
    new: dict[str, Any] = {"jobs": {"i": job()}, "only": ["i"]}
    assert differences(old, new) == []
    assert differences(old, new | {"only": None}) == ["j: is only in the old list"]
    assert differences(old, {"jobs": {}, "only": ["i"]}) == [
        "i: is only in the old list"
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        ({"sha256": "b"}, "bytes differ, every value is equal"),
        ({"sha256": "b", "rows": 3}, "2 rows became 3"),
        ({"schema": "t"}, "schema differs"),
        (
            {"schema": "t", "columns": {"x": "2", "z": "1"}},
            "schema differs; columns differ: x, y, z",
        ),
    ],
)
def test_file_difference(changes: dict[str, Any], expected: str) -> None:
    assert file_difference(FILE, FILE | changes) == expected


def test_other_files_have_bytes_alone() -> None:
    assert file_difference({"sha256": "a"}, {"sha256": "b"}) == "bytes differ"


def write(path: Path, kept_in: list[str | None], chunk: int = 9) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"kept_in": pa.array(kept_in, pa.string()), "n": [1, 2]})
    pq.write_table(table, path, row_group_size=chunk)
    return path


def test_a_run_id_is_no_difference(tmp_path: Path) -> None:
    mark = "<run_id of first>"
    one = record_file(write(tmp_path / "a.parquet", [OLD_ID, None]), {OLD_ID: mark})
    two = record_file(write(tmp_path / "b.parquet", [NEW_ID, None]), {NEW_ID: mark})
    assert one == two
    assert one["sha256"] is None
    # Of an id that no run has, nothing is known.
    unknown = record_file(tmp_path / "b.parquet", {OLD_ID: mark})
    assert file_difference(one, unknown) == "columns differ: kept_in"
    # A run_id inside of a longer string is something else.
    longer = write(tmp_path / "c.parquet", [f"{OLD_ID}0", None])
    assert record_file(longer, {OLD_ID: mark})["sha256"] is not None


def test_a_random_column_is_no_difference(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{text}.parquet", [text, None]) for text in "ab"]
    one, two = (record_file(path, {}, ("kept_in",)) for path in paths)
    assert one == two
    assert list(one["columns"]) == ["n"]
    three, four = (record_file(path, {}, ("n",)) for path in paths)
    assert file_difference(three, four) == "columns differ: kept_in"


def test_row_groups_are_bytes_and_not_values(tmp_path: Path) -> None:
    one = record_file(write(tmp_path / "a.parquet", ["x", None]), {})
    two = record_file(write(tmp_path / "b.parquet", ["x", None], chunk=1), {})
    assert file_difference(one, two) == "bytes differ, every value is equal"


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (pa.chunked_array([[1], [2, 3]]), pa.chunked_array([[1, 2, 3]]), True),
        (pa.chunked_array([[1, 2]]), pa.chunked_array([[2, 1]]), False),
        (pa.chunked_array([[None, 0]]), pa.chunked_array([[0, None]]), False),
        (pa.chunked_array([[1]]), pa.chunked_array([pa.array([1], pa.int8())]), False),
        (pa.chunked_array([["1"]]), pa.chunked_array([[1]]), False),
        (pa.chunked_array([[0.1]]), pa.chunked_array([[0.1 + 1e-17]]), False),
        (pa.chunked_array([[0.1]]), pa.chunked_array([[0.1 + 1e-18]]), True),
        (pa.chunked_array([[[1], [2]]]), pa.chunked_array([[[1, 2], []]]), False),
    ],
)
def test_column_digest(
    one: pa.ChunkedArray, other: pa.ChunkedArray, *, equal: bool
) -> None:
    assert (column_digest(one, {}) == column_digest(other, {})) == equal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-29 16:13:56,001 WARNING no\n", "WARNING no\n"),
        ("at 2026-11-29T16:13:56+00:00.", "at <time>."),
        ("at 2026-11-29T16:13:56Z.", "at 2026-11-29T16:13:56Z."),
        (f"run {OLD_ID} in /place/run", "run <run_id> in <folder>/run"),
        ("INFO clean: 3/9 units, 1.0 MB/s, 30 s\nINFO other\n", "INFO other\n"),
    ],
)
def test_marks_in_texts(text: str, expected: str) -> None:
    assert Marks({OLD_ID: "<run_id>", "/place": "<folder>"}).text(text) == expected


def manifest(seconds: float, kept: int) -> dict[str, Any]:
    measured = {"seconds": seconds, "cpu_seconds": seconds, "bytes": int(seconds)}
    facts = {"name": "clean", "units": 1, "reused": 0, "rows": 2}
    return {
        "run_id": OLD_ID,
        "created": f"2026-11-29T16:13:0{seconds:.0f}+00:00",
        "packages": {"x": str(seconds)},
        "records": {"kept": kept},
        "passes": [facts | measured],
        "outputs": [{"path": "data/a", "rows": 2, "sha256": str(seconds), "bytes": 1}],
    }


def test_a_run_is_told_by_what_it_says_and_not_by_what_it_took(tmp_path: Path) -> None:
    page = "<caption>Files of the run</caption>{0}</table>{1}"
    found = []
    for number, (seconds, kept) in enumerate([(1.0, 2), (2.0, 2), (2.0, 3)]):
        folder = tmp_path / str(number)
        write(folder / "data" / "a.parquet", ["x", None])
        (folder / "work").mkdir()
        (folder / "work" / "cost").write_text(str(seconds))
        (folder / "manifest.json").write_text(json.dumps(manifest(seconds, kept)))
        (folder / "report.html").write_text(page.format(seconds, kept))
        found.append(record_run(folder, Marks({OLD_ID: "<run_id>"}), {}))
    assert found[0]["names"] == ["data/a.parquet", "manifest.json", "report.html"]
    lists = [{"jobs": {"j": {"answers": [], "runs": {"r": run}}}} for run in found]
    assert differences(lists[0], lists[1]) == []
    assert differences(lists[1], lists[2]) == [
        "j: r: manifest.json: records differ",
        "j: r: report.html differs",
    ]


def test_printed_manifests_are_stripped_and_other_json_is_not() -> None:
    marks = Marks()
    one, two = (marks.answer(json.dumps(manifest(n, 2))) for n in (1.0, 2.0))
    assert one == two
    assert marks.answer('{"seconds": 1}') == '{"seconds": 1}'
    assert marks.answer("{no json") == "{no json"


def test_a_document_of_every_fate_is_explained() -> None:
    columns = ("doc_id", "outcome", "reason", "kept_doc_id", "spans_changed")
    rows = [
        ("a", "kept", None, None, 0, 5, 5),
        ("b", "kept", None, None, 0, 5, 5),
        ("c", "kept", None, None, 0, 5, 4),
        ("d", "kept", None, None, 1, 5, 7),
        ("e", "kept", None, None, 0, 5, 5),
        ("f", "dropped", "contained", "e", None, 5, None),
        ("g", "dropped", "contained", "e", None, 5, None),
        ("h", "quarantined", "missing_text", None, None, None, None),
    ]
    names = (*columns, "chars_in", "chars_out")
    ledger = pa.Table.from_pylist(
        [dict(zip(names, values, strict=True)) for values in reversed(rows)]
    )
    assert chosen(ledger) == ["a", "c", "d", "e", "f", "h"]


def test_the_ratio_is_of_the_medians() -> None:
    cells, ratio = row("x", {"old": [2.0, 9.0, 1.0], "new": [3.0, 2.5, 0.1]})
    assert ratio == pytest.approx(1.25)
    assert cells == ["x", "2.00", "2.50", "1.250", "1.00 to 9.00", "0.10 to 3.00"]

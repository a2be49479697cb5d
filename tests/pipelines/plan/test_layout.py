from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.plan.layout import unify
from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Planned = Callable[..., Any]
    ReadAll = Callable[..., Any]

UNIFIED = [
    ([pa.int8(), pa.int64()], pa.int64()),
    ([pa.int64(), pa.float64()], pa.float64()),
    ([pa.int64(), pa.string()], pa.string()),
    ([pa.null(), pa.int64()], pa.int64()),
    ([pa.null()], pa.string()),
    ([pa.bool_(), pa.int64()], pa.string()),
    ([pa.list_(pa.int64()), pa.list_(pa.int64())], pa.list_(pa.int64())),
    ([pa.list_(pa.int64()), pa.list_(pa.string())], pa.string()),
    ([pa.struct([("a", pa.int64())]), pa.struct([("b", pa.int64())])], pa.string()),
    ([pa.struct([("a", pa.int64())]), pa.string()], pa.string()),
    ([pa.timestamp("s"), pa.string()], pa.string()),
    ([pa.timestamp("s"), pa.timestamp("ns")], pa.string()),
    ([pa.timestamp("s"), pa.timestamp("s")], pa.timestamp("s")),
    ([pa.uint64(), pa.int64()], pa.string()),
    ([pa.uint32(), pa.int64()], pa.int64()),
]


@pytest.mark.parametrize(("types", "expected"), UNIFIED)
def test_unify(types: list[pa.DataType], expected: pa.DataType) -> None:
    assert unify(types) == expected
    assert unify(types[::-1]) == expected


def write(path: Path, **columns: Any) -> None:
    pq.write_table(pa.table(columns), path)


def lines(path: Path, *values: Any) -> None:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))


def test_columns_of_all_files_are_united(tmp_path: Path, read_all: ReadAll) -> None:
    write(
        tmp_path / "a.parquet",
        text=["a"],
        n=pa.array([1], pa.int32()),
        tag=pa.array(["t"]).dictionary_encode(),
        deep=[{"k": 1}],
    )
    write(tmp_path / "b.parquet", text=["b"], n=[2.5], tag=[7], deep=[["x"]], z=[None])
    found = read_all({"path": "."})
    assert found.plan.layout.carried.equals(
        pa.schema(
            [
                ("n", pa.float64()),
                ("tag", pa.string()),
                ("deep", pa.string()),
                ("z", pa.string()),
            ]
        ),
        check_metadata=True,
    )
    rows = found.documents.select(["text", "n", "tag", "deep", "z"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("a", 1.0, "t", '{"k":1}', None),
        ("b", 2.5, "7", '["x"]', None),
    ]


def test_names_of_ours_are_renamed(tmp_path: Path, read_all: ReadAll) -> None:
    write(
        tmp_path / "a.parquet",
        text=["kept"],
        content=["used"],
        doc_id=["x"],
        pii=[1],
        row=[2],
        input_row=[3],
        extra=[4],
    )
    lines(tmp_path / "b.jsonl", {"content": "c", "extra": 5, "new": [1]})
    found = read_all({"path": ".", "columns": {"text": "content"}})
    layout = found.plan.layout
    assert layout.renamed == {
        "input_text": "text",
        "input_doc_id": "doc_id",
        "input_pii": "pii",
        "input_input_row": "row",
        "input_extra": "extra",
    }
    first, second = found.documents.to_pylist()
    assert (first["text"], first["input_text"]) == ("used", "kept")
    assert (first["input_input_row"], first["input_row"], first["row"]) == (2, 3, 0)
    assert (first["input_extra"], first["extra"]) == (4, None)
    assert (second["input_extra"], second["extra"], second["new"]) == (5, None, "[1]")
    assert layout.carried.names[-1] == "extra"


def test_no_extra_without_json(tmp_path: Path, planned: Planned) -> None:
    write(tmp_path / "a.parquet", text=["a"], extra=["e"])
    layout = planned({"path": "."}).layout
    assert (layout.carried.names, layout.renamed) == (["extra"], {})


def test_what_one_input_maps_another_carries(tmp_path: Path, read_all: ReadAll) -> None:
    write(tmp_path / "a.parquet", text=["a"], id=["1"], key=["k"])
    write(tmp_path / "b.parquet", text=["b"], id=["2"], key=["l"])
    found = read_all(
        {"path": "a.parquet", "source": "x"},
        {"path": "b.parquet", "source": "y", "columns": {"id": "key"}},
    )
    rows = found.documents.select(["text", "source_id", "key", "id"]).to_pylist()
    assert sorted(tuple(row.values()) for row in rows) == [
        ("a", "1", "k", None),
        ("b", "l", None, "2"),
    ]


def test_keys_that_planning_did_not_see(tmp_path: Path, read_all: ReadAll) -> None:
    values = [{"text": "a", "n": 1}] * 2000
    lines(tmp_path / "a.jsonl", *values, {"text": "b", "n": "x", "late": True})
    found = read_all({"path": "."})
    assert found.plan.layout.carried.names == ["n", "extra"]
    last = found.documents.to_pylist()[-1]
    assert (last["n"], json.loads(last["extra"])) == (None, {"n": "x", "late": True})
    assert found.documents["extra"].null_count == 2000


REFUSED = [
    (
        {"content": ["a"], "n": [1]},
        {},
        (
            r"a\.parquet has no column text for `text`\. Its columns: content, n\."
            r" Set `columns: \{text: content\}` in inputs\[0\]\."
        ),
    ),
    ({"txt": ["a"], "n": [1]}, {}, r"`columns: \{text: txt\}`"),
    ({"n": [1]}, {}, r"`columns: \{text: NAME\}`"),
    ({"text": [1], "body": ["b"]}, {}, r"text is a int64, not a string.*text: body"),
    ({"text": [["a"]]}, {}, r"column text is a list, not a string"),
    (
        {"text": ["a"], "link": ["u"]},
        {"url": "links"},
        r"no column links for `url`.*\{url: link\}",
    ),
    ({"text": ["a"]}, {"id": "id"}, r"no column id for `id`"),
    ({"text": ["a"], "url": [{"a": 1}]}, {}, r"url is a struct.*columns\.url: null"),
]


@pytest.mark.parametrize(("data", "columns", "message"), REFUSED)
def test_refused_mappings(
    tmp_path: Path,
    planned: Planned,
    data: dict[str, Any],
    columns: dict[str, str],
    message: str,
) -> None:
    write(tmp_path / "a.parquet", **data)
    with pytest.raises(InputError, match=message):
        planned({"path": ".", "columns": columns})


# First lines, and how their columns are told.
FIRST_LINES = [
    ("id,first_name,meta.url,größe", "id, first_name, meta.url, größe"),
    ("1,James Miller", "1, one of 12 characters"),
    ("7,We met at four o'clock by the river.", "7, one of 36 characters"),
    ("jo@acme.org,+44 20 7946 0958", "one of 11 characters, one of 16 characters"),
    ("a12345,1999", "one of 6 characters, 1999"),
]


@pytest.mark.parametrize(("line", "told"), FIRST_LINES)
def test_a_text_in_place_of_a_header_is_not_repeated(
    tmp_path: Path, planned: Planned, line: str, told: str
) -> None:
    (tmp_path / "a.csv").write_text(f"{line}\nmore\n")
    with pytest.raises(InputError) as refusal:
        planned({"path": "."})
    assert f"Its columns: {told}. Set" in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.jsonl", '{"body":"a"}\n{"body":"b"}\n'), ("a.csv", "body,n\na,1\n")],
)
def test_text_column_missing_in_text_formats(
    tmp_path: Path, planned: Planned, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=r"has no column text.*\{text: body\}"):
        planned({"path": "."})


def test_nested_metadata_in_json_is_refused(tmp_path: Path, planned: Planned) -> None:
    lines(tmp_path / "a.jsonl", {"text": "a", "url": ["u"]})
    with pytest.raises(InputError, match=r"column url is a struct"):
        planned({"path": "."})
    kept = planned({"path": ".", "columns": {"url": None}}).layout
    assert kept.carried.names == ["input_url", "extra"]


def test_column_twice(tmp_path: Path, planned: Planned) -> None:
    (tmp_path / "a.csv").write_text("text,n,n\na,1,2\n")
    with pytest.raises(InputError, match="more than one column n"):
        planned({"path": "."})


def test_one_file_of_many_lacks_the_text(tmp_path: Path, planned: Planned) -> None:
    write(tmp_path / "a.parquet", text=["a"])
    write(tmp_path / "b.parquet", other=["b"])
    with pytest.raises(InputError, match=r"b\.parquet has no column text"):
        planned({"path": "."})

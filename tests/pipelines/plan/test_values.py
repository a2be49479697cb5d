"""Values of every format come through as they are, and what is missing is missing."""

from __future__ import annotations

import json
import math
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.plan.layout import unify
from isinglass.schemas.errors import InputError
from isinglass.transforms.read.class_labels import ClassLabel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Planned = Callable[..., Any]
    ReadAll = Callable[..., Any]

KEY = uuid.UUID("035c4ea0-d73b-5bde-bd6f-c806b04f2ec3")
BIG = 123456789012345678901234567890
TEXTS = ["one", "two"]
NAN = float("nan")


def write(path: Path, content: pa.Table | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content)
    elif path.suffix == ".parquet":
        pq.write_table(content, path)
    else:
        pyarrow.feather.write_feather(content, path)


def table(**columns: Any) -> pa.Table:
    return pa.table({"text": TEXTS, **columns})


IDS = {
    "UUID": (pa.array([KEY.bytes, None], pa.uuid()), [str(KEY), None]),
    "16 bytes": (pa.array([KEY.bytes, None], pa.binary(16)), [KEY.hex, None]),
    "text of fixed size": (pa.array([b"ab", b"cd"], pa.binary(2)), ["ab", "cd"]),
    "bytes": (pa.array([b"\xff\x00", b"ab"]), ["ff00", "ab"]),
    "large bytes": (pa.array([b"\xff", None], pa.large_binary()), ["ff", None]),
    "dictionary": (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
    "dictionary of bytes": (
        pa.array([b"\xfe", b"b"]).dictionary_encode(),
        ["fe", "b"],
    ),
    "decimal": (pa.array([Decimal(BIG), None]), [str(BIG), None]),
    "unsigned": (pa.array([2**64 - 1, 0], pa.uint64()), [str(2**64 - 1), "0"]),
    "NaN": (pa.array([NAN, 1.0]), [None, "1"]),
    "half": (pa.array([NAN, 1.0], pa.float16()), [None, "1"]),
    "empty": (pa.array(["", "  "]), [None, None]),
    "null": (pa.nulls(2), [None, None]),
}


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
@pytest.mark.parametrize("kind", sorted(IDS))
def test_ids_of_columns(
    tmp_path: Path, read_all: ReadAll, kind: str, suffix: str
) -> None:
    column, expected = IDS[kind]
    write(tmp_path / f"a.{suffix}", table(id=column))
    assert read_all({"path": "."}).documents["source_id"].to_pylist() == expected


LINES = [
    (str(2**64), str(2**64)),
    (str(-(2**63) - 1), str(-(2**63) - 1)),
    (str(2**64 - 1), str(2**64 - 1)),
    ("9" * 18, "9" * 18),
    (f" {BIG} ", str(BIG)),
    ("1" * 400, "1" * 400),
    (f'"{BIG}"', str(BIG)),
    ("1e20", "1e+20"),
    ("-0.0", "-0.0"),
    (f"{BIG}.5", "1.2345678901234568e+29"),
    ("NaN", None),
    ("-Infinity", "-inf"),
    ("null", None),
    ('""', None),
    ('" \\t"', None),
    ('"null"', "null"),
]


@pytest.mark.parametrize(("value", "expected"), LINES)
def test_ids_of_lines(
    tmp_path: Path, read_all: ReadAll, value: str, expected: str | None
) -> None:
    others = '{"id":"a","text":"x"}\n{"text":"y"}\n'
    write(tmp_path / "a.jsonl", f'{others}{{"id":{value},"text":"z"}}\n')
    found = read_all({"path": "."})
    assert found.documents["source_id"].to_pylist() == ["a", None, expected]


def test_missing_values_are_missing(tmp_path: Path, read_all: ReadAll) -> None:
    lines = [
        '{"text":"a","source":NaN,"url":NaN,"n":NaN,"s":NaN,"deep":{"k":NaN}}',
        '{"text":"b","n":1.5,"s":"x","source":null}',
        '{"text":NaN,"id":"lost"}',
    ]
    write(tmp_path / "a.jsonl", "\n".join(lines))
    columns = {"source": [NAN, 2.0], "n": [NAN, 0.5], "s": [NAN, -0.0]}
    write(tmp_path / "b.parquet", table(**columns))
    found = read_all({"path": ".", "source": "web"})
    rows = found.documents.to_pylist()
    assert [row["source"] for row in rows] == ["web", "web", "web", "2"]
    assert [row["url"] for row in rows] == [None] * 4
    assert [row["s"] for row in rows] == [None, "x", None, "-0"]
    assert rows[0]["deep"] == '{"k":null}'
    assert [row["n"] for row in rows if not math.isnan(row["n"])] == [1.5, 0.5]
    assert found.reasons == {"missing_text": 1}


def test_carried_integers_keep_their_digits(tmp_path: Path, read_all: ReadAll) -> None:
    rows = [
        {"text": "a", "hash": 2**128 - 1, "small": 7, "deep": {"x": [BIG]}},
        {"text": "b", "hash": 1, "small": 2**63, "deep": BIG},
    ]
    write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    first, second = read_all({"path": "."}).documents.to_pylist()
    assert (first["hash"], second["hash"]) == (str(2**128 - 1), "1")
    assert (first["small"], second["small"]) == ("7", str(2**63))
    assert first["deep"] == f'{{"x":[{BIG}]}}'
    assert (second["deep"], second["extra"]) == (str(BIG), None)


def test_integers_that_planning_did_not_see(tmp_path: Path, read_all: ReadAll) -> None:
    rows = [{"text": "a", "n": 1}] * 2000 + [{"text": "b", "n": BIG}]
    write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    last = read_all({"path": "."}).documents.to_pylist()[-1]
    assert (last["n"], last["extra"]) == (None, f'{{"n":{BIG}}}')


def test_decimals_beside_doubles(tmp_path: Path, read_all: ReadAll) -> None:
    write(tmp_path / "a.parquet", table(n=[Decimal(BIG), None]))
    write(tmp_path / "b.jsonl", '{"text":"c","n":1.5}\n')
    found = read_all({"path": "."}).documents["n"]
    assert found.to_pylist() == [str(BIG), None, "1.5"]


NO_IDS = [
    (pa.array([True, False]), "bool"),
    (pa.array([[1], [2]]), "list"),
    (pa.array([{"a": 1}, None]), "struct"),
]


@pytest.mark.parametrize(("column", "told"), NO_IDS)
def test_ids_that_are_no_text_are_refused(
    tmp_path: Path, planned: Planned, column: pa.Array, told: str
) -> None:
    write(tmp_path / "a.parquet", table(id=column))
    message = (
        rf"column id is a {told}, and `id` must be a text, a number or a UUID\..*"
        r"`inputs\[0\]\.columns\.id: null`"
    )
    with pytest.raises(InputError, match=message):
        planned({"path": "."})
    assert planned({"path": ".", "columns": {"id": None}}).layout.carried.names == [
        "id"
    ]


def labelled(column: str, names: list[str], values: list[int]) -> pa.Table:
    feature = {"names": names, "_type": "ClassLabel"}
    value = {"dtype": "string", "_type": "Value"}
    info = {"info": {"features": {column: feature, "text": value}}}
    labels = {column: pa.array(values, pa.int64())}
    return table(**labels).replace_schema_metadata({"huggingface": json.dumps(info)})


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_labels_keep_their_names(
    tmp_path: Path, read_all: ReadAll, suffix: str
) -> None:
    write(tmp_path / f"a.{suffix}", labelled("label", ["neg", "pos"], [1, -1]))
    found = read_all({"path": "."})
    assert found.documents["label"].to_pylist() == [1, -1]
    noted = json.loads(found.plan.layout.carried.metadata[b"huggingface"])
    feature = {"names": ["neg", "pos"], "_type": "ClassLabel"}
    assert noted == {"info": {"features": {"label": feature}}}


def test_labels_are_named_where_text_is_wanted(
    tmp_path: Path, read_all: ReadAll
) -> None:
    write(tmp_path / "a.parquet", labelled("language", ["en", "de"], [1, -1]))
    assert read_all({"path": "."}).documents["language"].to_pylist() == ["de", None]
    write(tmp_path / "b/a.parquet", labelled("label", ["x", "y"], [0, 1]))
    write(tmp_path / "b/b.parquet", labelled("label", ["y", "x"], [0, 7]))
    labels = read_all({"path": "b"}).documents["label"]
    assert labels.to_pylist() == ["x", "y", "y", "7"]


def test_notes_of_labels_may_be_anything(tmp_path: Path, read_all: ReadAll) -> None:
    for number, note in enumerate(["", "[]", '{"info":{"features":[1]}}', "\xff"]):
        odd = table(label=[0, 1]).replace_schema_metadata({"huggingface": note})
        write(tmp_path / f"{number}.parquet", odd)
    found = read_all({"path": "."})
    assert found.documents["label"].to_pylist() == [0, 1] * 4
    assert found.plan.layout.carried.metadata is None


UNITED = [
    ([ClassLabel(pa.int8(), ("a",)), pa.int32()], pa.int64()),
    ([ClassLabel(pa.int64(), ("a",)), pa.string()], pa.string()),
    ([ClassLabel(pa.int64(), ("a",)), ClassLabel(pa.int64(), ("b",))], pa.string()),
    ([pa.uuid(), pa.uuid()], pa.binary(16)),
    ([pa.uuid(), pa.string()], pa.string()),
    ([pa.decimal128(20, 0), pa.float64()], pa.string()),
    ([pa.decimal128(15, 0), pa.float64()], pa.float64()),
    ([pa.decimal128(20, 0), pa.int64()], pa.decimal128(20, 0)),
]


@pytest.mark.parametrize(("types", "expected"), UNITED)
def test_unify(types: list[pa.DataType], expected: pa.DataType) -> None:
    for order in (types, types[::-1]):
        united = unify(order)
        storage = united.storage_type if isinstance(united, ClassLabel) else united
        assert storage == expected


def test_folders_give_columns(tmp_path: Path, read_all: ReadAll) -> None:
    write(tmp_path / "language=de/year=2024/a.jsonl", '{"text":"a","year":"3"}\n')
    write(
        tmp_path / "language=f%20r/year=__HIVE_DEFAULT_PARTITION__/b.txt", "in a file"
    )
    write(tmp_path / "source=shop/year=2023/c.parquet", table(language=["x", None]))
    found = read_all({"path": ".", "source": "web"})
    rows = sorted(found.documents.to_pylist(), key=lambda row: str(row["text"]))
    assert [
        (row["text"], row["language"], row["source"], row["year"]) for row in rows
    ] == [
        ("a", "de", "web", "3"),
        ("in a file", "f r", "web", None),
        ("one", "x", "shop", "2023"),
        ("two", None, "shop", "2023"),
    ]


def test_a_folder_may_be_what_was_asked_for(tmp_path: Path, read_all: ReadAll) -> None:
    write(tmp_path / "lang=de/=x/a b=y/a.jsonl", '{"text":"a"}\n')
    found = read_all({"path": ".", "columns": {"language": "lang"}})
    assert found.documents["language"].to_pylist() == ["de"]
    assert found.plan.layout.carried.names == ["extra"]


def test_columns_of_a_file_keep_their_type(tmp_path: Path, read_all: ReadAll) -> None:
    write(tmp_path / "year=2024/a.parquet", table(year=[2024, None]))
    found = read_all({"path": "."})
    assert found.plan.layout.carried.field("year").type == pa.int64()
    assert found.documents["year"].to_pylist() == [2024, None]

from __future__ import annotations

import datetime as dt
import hashlib
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[..., Any]


def parquet(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def broken(values: list[bytes | None]) -> pa.Array:
    """Strings that no check has seen, as some writers leave them."""
    return pa.array(values, pa.binary()).view(pa.string())


def test_bad_texts_in_a_string_column(read: Read) -> None:
    text = broken([b"a", b"\xff", None, b"", b"a\0", b"12345678", b"z"])
    result = read("a.parquet", parquet(pa.table({"text": text})), max_chars=7)
    assert result.texts == {0: "a", 3: "", 6: "z"}
    assert result.reasons == {
        1: "invalid_utf8",
        2: "missing_text",
        4: "nul_character",
        5: "too_long",
    }
    raws = {r["row"]: r["raw"] for r in result.rejected}
    assert raws == {1: b"\xff", 2: None, 4: b"a\0", 5: b"12345678"}


def test_bad_strings_in_other_columns(read: Read) -> None:
    table = pa.table(
        {
            "text": ["a", "b", "c", "d"],
            "url": broken([b"u", b"\xff", b"u", None]),
            "tags": pa.ListArray.from_arrays(
                pa.array([0, 1, 1, 2, 2], pa.int32()), broken([b"t", b"\xfe"])
            ),
        }
    )
    carried = pa.schema([("tags", pa.list_(pa.string()))])
    result = read("a.parquet", parquet(table), carried=carried)
    assert result.texts == {0: "a", 3: "d"}
    details = {r["row"]: (r["reason"], r["detail"], r["raw"]) for r in result.rejected}
    assert details == {
        1: ("invalid_utf8", "column url", b"b"),
        2: ("invalid_utf8", "column tags", b"c"),
    }
    as_json = pa.schema([("tags", pa.string())])
    again = read("a.parquet", parquet(table), carried=as_json)
    assert again.texts == result.texts
    assert [d["tags"] for d in again.documents] == ['["t"]', "[]"]


TEXT_TYPES = [
    pa.large_string(),
    pa.binary(),
    pa.large_binary(),
    pa.string_view(),
    pa.dictionary(pa.int32(), pa.string()),
]


@pytest.mark.parametrize("data_type", TEXT_TYPES, ids=str)
@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_text_types(read: Read, data_type: pa.DataType, name: str) -> None:
    values = ["a", "é", "", "a"] * 700
    table = pa.table({"text": pa.array(values).cast(data_type)})
    buffer = io.BytesIO()
    if name == "a.parquet":
        pq.write_table(table, buffer)
    else:
        feather.write_feather(table, buffer, compression="uncompressed")
    result = read(name, buffer.getvalue())
    assert [d["text"] for d in result.documents] == values
    assert [d["row"] for d in result.documents] == list(range(2800))


def test_metadata_becomes_strings(read: Read) -> None:
    day = dt.date(2024, 5, 6)
    table = pa.table(
        {
            "text": ["a", "b"],
            "id": pa.array([7, None], pa.int32()),
            "source": ["web", None],
            "url": pa.array([b"u", None], pa.binary()),
            "language": pa.array(["en", None]).dictionary_encode(),
            "collected_at": pa.array(
                [dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC), None],
                pa.timestamp("s", "UTC"),
            ),
            "license": pa.nulls(2),
            "synthetic_by": pa.array([day, None]),
        }
    )
    first, second = read("a.parquet", parquet(table)).documents
    del first["doc_id"], second["doc_id"]
    assert first == {
        "row": 0,
        "text": "a",
        "source_id": "7",
        "source": "web",
        "url": "u",
        "language": "en",
        "collected_at": "2024-05-06 07:08:09.000Z",
        "license": None,
        "synthetic_by": "2024-05-06",
    }
    assert second["source"] == "docs"
    assert [second[name] for name in ("source_id", "url", "language")] == [None] * 3


def test_carried_columns_take_the_type_of_the_run(read: Read) -> None:
    table = pa.table(
        {
            "text": ["a", "b"],
            "n": pa.array([1, None], pa.int8()),
            "x": pa.array([2**53 + 1, 2], pa.int64()),
            "s": pa.array([Decimal("1.50"), None]),
            "deep": [{"k": [1], "d": dt.date(2024, 1, 2)}, None],
            "kept": [{"k": 1}, None],
        }
    )
    carried = pa.schema(
        [
            ("n", pa.int64()),
            ("x", pa.float64()),
            ("s", pa.string()),
            ("deep", pa.string()),
            ("kept", pa.struct([("k", pa.int64())])),
            ("absent", pa.float32()),
        ]
    )
    first, second = read("a.parquet", parquet(table), carried=carried).documents
    assert [first[name] for name in carried.names] == [
        1,
        2.0**53,
        "1.50",
        '{"d":"2024-01-02","k":[1]}',
        {"k": 1},
        None,
    ]
    assert [second[name] for name in carried.names] == [
        None,
        2.0,
        None,
        None,
        None,
        None,
    ]


def test_value_that_cannot_be_converted_is_refused(read: Read) -> None:
    table = pa.table({"text": ["a"], "n": ["no number"]})
    with pytest.raises(
        InputError, match=r"a\.parquet: column n holds a string"
    ) as info:
        read("a.parquet", parquet(table), carried=pa.schema([("n", pa.int64())]))
    assert "no number" not in str(info.value)


TABLE = pa.table({"text": [f"text {i}" for i in range(100)]})


def test_row_groups_of_a_piece(read: Read) -> None:
    data = parquet(TABLE, row_group_size=30)
    part = read("a.parquet", data, start=1, stop=3, first_row=30, rows=60)
    whole = read("a.parquet", data)
    assert part.documents == whole.documents[30:90]


def test_changed_files(read: Read) -> None:
    data = parquet(TABLE, row_group_size=30)
    with pytest.raises(InputError, match=r"4 row groups where at least 5.*changed"):
        read("a.parquet", data, start=1, stop=5)
    with pytest.raises(InputError, match=r"holds 30 rows where 29 were.*changed"):
        read("a.parquet", data, start=0, stop=1, rows=29)
    with pytest.raises(InputError, match=r"no readable Parquet.*changed"):
        read("a.parquet", data[:-20])
    with pytest.raises(InputError, match=r"no column text any more"):
        read("b.parquet", parquet(pa.table({"body": ["a"]})))


def damage(data: bytes) -> bytes:
    """Overwrite the pages of the second row group."""
    start = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(1).column(0)
    offset = start.dictionary_page_offset or start.data_page_offset
    return data[:offset] + b"\xff" * 40 + data[offset + 40 :]


def test_row_group_that_cannot_be_decoded(read: Read) -> None:
    data = damage(parquet(TABLE, row_group_size=30))
    sha256 = hashlib.sha256(data).hexdigest()
    result = read("a.parquet", data, stop=4, rows=100, sha256=sha256)
    assert sorted(result.texts) == [*range(30), *range(60, 100)]
    assert result.reasons == dict.fromkeys(range(30, 60), "unreadable_file")
    assert {r["detail"] for r in result.rejected} == {"row group 1 cannot be decoded"}
    with pytest.raises(InputError, match=r"its content is another"):
        read("a.parquet", data, stop=4, rows=100, sha256="0" * 64)


def test_batches_are_bounded(read: Read) -> None:
    texts = ["x" * 20_000] * 1000 + ["y" * (50 * 2**20)] + ["z"] * 3000
    result = read("a.parquet", parquet(pa.table({"text": texts})))
    assert len(result.documents) == 4000
    assert result.reasons == {1000: "too_long"}
    assert len(result.rejected[0]["raw"]) == 2**20
    for batch in result.batches:
        assert batch.documents.column("text").nbytes <= 4.2 * 2**20


def test_no_rows(read: Read) -> None:
    assert read("a.parquet", parquet(TABLE.slice(0, 0))).documents == []

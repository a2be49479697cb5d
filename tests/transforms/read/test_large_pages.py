"""Pages that are too large to decode are read a few values at a time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.schemas.config import Columns
from isinglass.transforms.read import checks, columnar, large_pages
from isinglass.transforms.read.unpacked import Stream, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[..., Any]

LARGE = "é" * 9_000
"""A text of 18,000 bytes, and so more than a page may have in these tests."""


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are large from 16,000 bytes on, and values too long from 40,000 on."""
    monkeypatch.setattr(large_pages, "MOST_DECODED", 16_000)
    monkeypatch.setattr(columnar, "MOST_DECODED", 16_000)
    monkeypatch.setattr(checks, "LEAST_RECORD_BYTES", 40_000)
    monkeypatch.setattr(columnar, "HEAD_BYTES", 20)
    monkeypatch.setattr(checks, "HEAD_BYTES", 20)


def written(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def rows(count: int = 60) -> list[dict[str, Any]]:
    """Texts of many sizes, three of which are too long; ids and notes with gaps."""
    chance = np.random.default_rng(5)
    found: list[dict[str, Any]] = []
    for number in range(count):
        size = int(chance.choice([0, 3, 1023, 1024, 1500, 3000]))
        letters = chance.integers(97, 123, size, np.uint8).tobytes().decode()
        note = None if number % 3 else f"{number} " + letters[::-1]
        found.append({"id": f"d{number}", "text": letters, "note": note})
    found[7]["text"] = found[40]["text"] = LARGE
    found[11]["text"], found[50]["text"] = "b" * 40_001, None
    found[12]["note"] = "n" * 70_000
    found[13]["text"] = "c" * 40_000
    return found


KINDS = [
    {"use_dictionary": use_dictionary, "data_page_version": version, "compression": how}
    for how in ("snappy", "zstd", "gzip", "none", "brotli")
    for use_dictionary in (False, True)
    for version in ("1.0", "2.0")
]
TYPES = [pa.string(), pa.large_string(), pa.binary(), pa.string_view()]


@pytest.mark.parametrize(
    "options", KINDS, ids=lambda kind: "-".join(map(str, kind.values()))
)
def test_nothing_is_lost_but_what_is_too_long(
    read: Read, options: dict[str, Any]
) -> None:
    table = pa.Table.from_pylist(rows())
    data = written(table, write_page_checksum=True, **options)
    carried = pa.schema([("note", pa.string())])
    result = read("a.parquet", data, carried=carried, max_chars=3000, sha256="ab" * 32)
    lost = {7: 9000, 11: 40_001, 12: 0, 13: 40_000, 40: 9000}
    assert result.reasons == dict.fromkeys(lost, "too_long") | {50: "missing_text"}
    sound = [row for n, row in enumerate(rows()) if n not in {*lost, 50}]
    assert [one["text"] for one in result.documents] == [row["text"] for row in sound]
    assert [one["note"] for one in result.documents] == [row["note"] for row in sound]
    assert [one["source_id"] for one in result.documents] == [
        row["id"] for row in sound
    ]
    told = {one["row"]: (one["detail"], one["raw"]) for one in result.rejected}
    assert told[11] == ("40001 bytes, of which raw holds the first 20", b"b" * 20)
    size = 70_000 + len(rows()[12]["text"])
    assert told[12][0].startswith(f"{size} bytes")
    assert told[7][0].startswith("9000 characters, 3000 allowed")


@pytest.mark.parametrize(
    "kind", [*TYPES, pa.dictionary(pa.int32(), pa.string())], ids=str
)
@pytest.mark.parametrize("use_dictionary", [False, True])
def test_all_types_of_texts(
    read: Read,
    kind: pa.DataType,
    use_dictionary: bool,  # noqa: FBT001
) -> None:
    values = [LARGE, "a", None, "x" * 39_999, LARGE, "b" * 2000] * 3
    text = pa.array(values).cast(kind)
    data = written(pa.table({"text": text}), use_dictionary=use_dictionary)
    result = read("a.parquet", data, max_chars=39_999)
    wanted = {row: value for row, value in enumerate(values) if value is not None}
    assert result.texts == wanted
    assert set(result.reasons.values()) == {"missing_text"}


def test_ids_of_bytes_are_shown(read: Read) -> None:
    ids = pa.array([b"\xff" * 1024, b"plain", b"\xfe" * 20_000], pa.binary())
    data = written(pa.table({"text": ["a", "b", "c"], "id": ids}))
    found = [one["source_id"] for one in read("a.parquet", data).documents]
    assert found == ["ff" * 1024, "plain", "fe" * 20_000]


def test_a_forged_stub_is_a_value(read: Read) -> None:
    """What stands for another value begins with a hash of the file, as nothing does."""
    forged = large_pages._STUB.pack(b"\xff" + b"\xcd" * 8, 0, 0)
    text = pa.array([b"secret" * 4000, forged, b"good"], pa.binary())
    data = written(pa.table({"text": text}), use_dictionary=False)
    result = read("a.parquet", data, sha256="ab" * 32)
    assert result.texts == {0: "secret" * 4000, 2: "good"}
    assert result.reasons == {1: "invalid_utf8"}


NOT_TOLD_APART: list[tuple[dict[str, Any], pa.Array]] = [
    ({"column_encoding": "DELTA_LENGTH_BYTE_ARRAY"}, pa.array(["a", LARGE])),
    ({"compression": "lz4"}, pa.array(["a", LARGE])),
]


@pytest.mark.parametrize(("options", "text"), NOT_TOLD_APART, ids=["delta", "lz4"])
def test_row_groups_that_cannot_be_looked_into_are_set_aside(
    read: Read, options: dict[str, Any], text: pa.Array
) -> None:
    table = pa.table({"text": pa.concat_arrays([pa.array(["one", "two"]), text])})
    data = written(table, use_dictionary=False, row_group_size=2, **options)
    result = read("a.parquet", data)
    assert result.texts == {0: "one", 1: "two"}
    assert result.reasons == {2: "too_long", 3: "too_long"}
    for one in result.rejected:
        assert one["detail"].startswith("row group 1 has a page of 18")
        assert one["detail"].endswith("bytes, too many to decode")


@pytest.mark.parametrize("use_dictionary", [False, True])
def test_nested_values(read: Read, use_dictionary: bool) -> None:  # noqa: FBT001
    """They are decoded as they are, unless one of them is too long."""
    tags = [[], ["x" * 9000, None, "y"], None, ["z" * 9000], ["a"], ["b" * 50_000]]
    table = pa.table({"text": list("abcdef"), "tags": tags})
    data = written(table, use_dictionary=use_dictionary, row_group_size=4)
    carried = pa.schema([("tags", pa.list_(pa.string()))])
    result = read("a.parquet", data, carried=carried, max_chars=3000)
    assert [one["tags"] for one in result.documents] == tags[:4]
    assert result.reasons == {4: "too_long", 5: "too_long"}
    columns = Columns(url="tags")
    again = read("a.parquet", data, columns=columns, max_chars=3000)
    assert len(again.documents) == 4
    # What is not read costs nothing.
    assert len(read("a.parquet", data).documents) == 6


def test_numbers_are_decoded_as_they_are(read: Read) -> None:
    numbers = np.arange(3000).tolist()
    data = written(pa.table({"text": list(map(str, numbers)), "n": numbers}))
    carried = pa.schema([("n", pa.int64())])
    found = read("a.parquet", data, carried=carried).documents
    assert [one["n"] for one in found] == numbers
    # Twice the limit is too many.
    data = written(
        pa.table({"text": ["a"] * 9000, "n": [1.5, 2.5] * 4500}), use_dictionary=False
    )
    carried = pa.schema([("n", pa.float64())])
    reasons = read("a.parquet", data, carried=carried).reasons
    assert set(reasons.values()) == {"too_long"}
    assert len(reasons) == 9000


def test_short_values_are_decoded_as_they_are(read: Read) -> None:
    texts = [f"{number} " + "w" * 90 for number in range(1000)]
    data = written(pa.table({"text": texts}), use_dictionary=False)
    assert list(read("a.parquet", data).texts.values()) == texts
    texts[500] = "w" * 50_000
    data = written(pa.table({"text": texts}), use_dictionary=False)
    reasons = read("a.parquet", data, max_chars=3000).reasons
    assert set(reasons.values()) == {"too_long"}


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "none"])
def test_damage_costs_no_more_than_the_row_group(read: Read, compression: str) -> None:
    table = pa.Table.from_pylist(rows()).select(["text"])
    data = written(
        table, compression=compression, row_group_size=30, write_page_checksum=True
    )
    chunk = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(1).column(0)
    place = chunk.dictionary_page_offset + chunk.total_compressed_size // 2
    harmed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    result = read("a.parquet", harmed, max_chars=50_000)
    lost = {row for row, why in result.reasons.items() if why == "unreadable_file"}
    assert lost == set(range(30, 60))
    assert set(result.texts) >= set(range(30)) - {11}


CONTENT = [
    b"a",
    b"ab" * 10,
    b"x" * 3_000_000,
    np.random.default_rng(1).integers(0, 256, 2_500_000, np.uint8).tobytes(),
    b"hello world, " * 200_000,
    np.random.default_rng(2).integers(97, 99, 65_536, np.uint8).tobytes() * 20,
]


@pytest.mark.parametrize("codec", ["snappy", "gzip", "zstd", "brotli"])
def test_what_is_unpacked(codec: str) -> None:
    for content in CONTENT:
        packed = pa.Codec(codec).compress(content, asbytes=True)
        file = pa.BufferReader(b"before" + packed + b"after")
        chunks = list(unpacked(file, 6, len(packed), codec.upper()))
        assert b"".join(chunks) == content
        assert max(map(len, chunks)) <= 2**20


def test_a_copy_from_nowhere_is_damage() -> None:
    # A literal of one byte, and a copy of what stands before the beginning.
    file = pa.BufferReader(b"\x05\x00a\x01\x00")
    with pytest.raises(OSError, match="damaged Snappy"):
        list(unpacked(file, 0, 5, "SNAPPY"))


def test_going_back_in_a_stream_begins_anew() -> None:
    begun = []

    def begin() -> Any:
        begun.append(1)
        return iter([b"abc", b"defg", b"h"])

    stream = Stream(begin)
    places = [(1, 4), (5, 2), (6, 0), (7, 1), (0, 8), (4, 1)]
    found = [stream.read(place, size) for place, size in places]
    assert found == [b"bcde", b"fg", b"", b"h", b"abcdefgh", b"e"]
    assert len(begun) == 3
    with pytest.raises(OSError, match="comes early"):
        stream.read(6, 3)

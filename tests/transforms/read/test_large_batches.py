"""Batches that are too large to decompress are read a few values at a time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.transforms.read import checks, columnar, large_batches
from isinglass.transforms.read.messages import messages

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[..., Any]

LONG = 40_001


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches are large from 16,000 bytes on, and values too long from 40,000 on."""
    monkeypatch.setattr(large_batches, "MOST_DECODED", 16_000)
    monkeypatch.setattr(large_batches, "_MOST_OTHERS", 60_000)
    monkeypatch.setattr(large_batches, "_LEAST_LARGE", 2000)
    monkeypatch.setattr(checks, "LEAST_RECORD_BYTES", 40_000)
    monkeypatch.setattr(columnar, "HEAD_BYTES", 20)


def written(table: pa.Table, compression: str | None, **options: Any) -> bytes:
    sink, stream = io.BytesIO(), options.pop("stream", False)
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    settings = pa.ipc.IpcWriteOptions(compression=compression)
    with make(sink, table.schema, options=settings) as writer:
        writer.write_table(table, **options)
    return sink.getvalue()


def texts() -> list[str | None]:
    """Texts of many sizes; three are too long."""
    chance = np.random.default_rng(5)
    sizes = chance.choice([0, 3, 1024, 1500, 3000], 80).tolist()
    found: list[str | None] = [
        f"{number} " + "é" * size for number, size in enumerate(sizes)
    ]
    found[7] = found[41] = "b" * LONG
    found[11], found[75] = "c" * 2 * LONG, None
    return found


TYPES = [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()]


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_nothing_is_lost_but_what_is_too_long(
    read: Read,
    compression: str,
    stream: bool,  # noqa: FBT001
    kind: pa.DataType,
) -> None:
    columns = {
        "n": range(80),
        "nothing": pa.nulls(80),
        "tags": [["t"] * (n % 3) for n in range(80)],
        "label": pa.array(["a", "b"] * 40).dictionary_encode(),
        "text": pa.array(texts()).cast(kind),
        "note": [f"{n} " + "n" * 900 for n in range(80)],
    }
    data = written(pa.table(columns), compression, stream=stream, max_chunksize=40)
    carried = pa.schema(
        [("n", pa.int64()), ("label", pa.string()), ("note", pa.string())]
    )
    result = read("a.arrow", data, carried=carried, max_chars=3200)
    assert result.reasons == dict.fromkeys((7, 11, 41), "too_long") | {
        75: "missing_text"
    }
    details = {one["row"]: (one["detail"], one["raw"]) for one in result.rejected}
    size = LONG + len(columns["note"][7])
    assert details[7] == (f"{size} bytes, of which raw holds the first 20", b"b" * 20)
    sound = [n for n in range(80) if n not in result.reasons]
    assert result.texts == {n: texts()[n] for n in sound}
    assert [one["n"] for one in result.documents] == sound
    assert [one["label"] for one in result.documents] == ["ab"[n % 2] for n in sound]
    assert [one["note"] for one in result.documents] == [
        columns["note"][n] for n in sound
    ]


@pytest.mark.parametrize("stream", [False, True])
def test_batches_of_nested_values_that_are_too_large(
    read: Read,
    stream: bool,  # noqa: FBT001
) -> None:
    tags = [["a"], ["b"], ["c" * 70_000], ["d"], ["e" * 30_000], ["f"]]
    table = pa.table({"text": list("uvwxyz"), "tags": tags})
    data = written(table, "zstd", stream=stream, max_chunksize=2)
    carried = pa.schema([("tags", pa.list_(pa.string()))])
    result = read("a.arrow", data, carried=carried, rows=6)
    assert [one["tags"] for one in result.documents] == [*tags[:2], *tags[4:]]
    assert result.reasons == {2: "too_long", 3: "too_long"}
    for one in result.rejected:
        assert one["detail"].startswith("a record batch takes 70")
        assert one["detail"].endswith("bytes, too many to decode")


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_damage_in_a_large_column_costs_what_follows(
    read: Read, compression: str
) -> None:
    letters = np.random.default_rng(3).integers(97, 123, 120_000, np.uint8).tobytes()
    values = [letters[n : n + 3000].decode() for n in range(0, 120_000, 3000)]
    data = written(pa.table({"text": values}), compression, max_chunksize=20)
    *_, last = messages(pa.BufferReader(data))
    packed = max(last.packed.values())
    place = packed.start + packed.size // 2
    harmed = data[:place] + b"\xff" * 100 + data[place + 100 :]
    result = read("a.arrow", harmed)
    assert set(result.texts) >= set(range(20))
    assert len(result.texts) + len(result.reasons) == 40
    # Neither format has a checksum; what is found out is told.
    assert set(result.reasons.values()) <= {"unreadable_file", "invalid_utf8"}


@pytest.mark.parametrize("value", [-5, 2**30, 1])
def test_offsets_that_lead_out_of_a_large_column(read: Read, value: int) -> None:
    offsets = np.arange(0, 33_000, 1000, dtype=np.int32)
    offsets[17] = value
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"a" * 32_000)]
    text = pa.Array.from_buffers(pa.string(), 32, buffers)
    result = read("a.arrow", written(pa.table({"text": text}), "zstd"))
    assert result.reasons == dict.fromkeys(range(32), "unreadable_file")


def test_messages_are_told_by_their_headers() -> None:
    table = pa.table({"text": ["a" * 5000, "b"] * 10})
    table = table.append_column("label", table["text"].dictionary_encode())
    for stream in (False, True):
        file = pa.BufferReader(written(table, "zstd", stream=stream, max_chunksize=15))
        dictionary, first, second = messages(file)
        assert (dictionary.is_dictionary, first.is_dictionary) == (True, False)
        # Eight and two long texts, and what fills up the last 64 bytes.
        for batch, size in ((first, 40_007), (second, 10_003)):
            assert size <= batch.packed[2].bytes < size + 64
            assert batch.packed[2].codec == "ZSTD"
        plain = pa.BufferReader(written(table, None, stream=stream))
        assert [one.packed for one in messages(plain)] == [{}, {}]
    damaged = pa.BufferReader(b"ARROW1\0\0" + b"\xff" * 50 + b"ARROW1")
    assert list(messages(damaged)) == []

from __future__ import annotations

import datetime as dt
import decimal
import gzip
import json
from typing import Any

import pyarrow as pa
import pytest
import zstandard

from isinglass.schemas.errors import InputError
from isinglass.transforms.export import Form, compressed, drawn, written

MOMENT = dt.datetime(2024, 2, 29, 12, 30, 1, 5)  # noqa: DTZ001 - one without
DAY = dt.date(2024, 2, 29)
BIG = decimal.Decimal("12345678901234567890.10")
X = pa.field("x", pa.decimal128(22, 2))
NESTED = pa.struct([X, pa.field("y", pa.list_(pa.timestamp("us")))])


def json_of(value: Any, kind: pa.DataType) -> str:
    batch = pa.record_batch({"doc_id": ["a"], "v": pa.array([value], kind)})
    line = written(batch, Form((("v", "v"),))).decode()
    assert line.startswith('{"v":')
    assert line.endswith("}\n")
    return line[5:-2]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, pa.string(), "null"),
        (None, NESTED, "null"),
        (True, pa.bool_(), "true"),
        (2**63 - 1, pa.int64(), "9223372036854775807"),
        (2**64 - 1, pa.uint64(), "18446744073709551615"),
        (0.1, pa.float64(), "0.1"),
        (0.1, pa.float32(), "0.10000000149011612"),
        (float("nan"), pa.float64(), "null"),
        (float("-inf"), pa.float64(), "null"),
        (BIG, pa.decimal128(22, 2), '"12345678901234567890.10"'),
        (BIG, pa.decimal256(60, 2), '"12345678901234567890.10"'),
        (b"\xff\x00<b>", pa.binary(), '"/wA8Yj4="'),
        (b"\xff\x00", pa.binary(2), '"/wA="'),
        (DAY, pa.date32(), '"2024-02-29"'),
        (MOMENT, pa.timestamp("us"), '"2024-02-29 12:30:01.000005"'),
        (MOMENT, pa.timestamp("us", "UTC"), '"2024-02-29 12:30:01.000005Z"'),
        # Python holds neither these nanoseconds nor this year.
        (1_000_000_001, pa.timestamp("ns"), '"1970-01-01 00:00:01.000000001"'),
        (1, pa.time64("ns"), '"00:00:00.000000001"'),
        (300_000_000_000, pa.timestamp("s"), '"11476-08-15 05:20:00"'),
        (7, pa.duration("ms"), "7"),
        ({"x": BIG, "y": [MOMENT, None]}, NESTED, None),
        ([b"a", None], pa.large_list(pa.binary()), '["YQ==",null]'),
        ([], pa.list_(pa.string()), "[]"),
        # What a terminal, a browser or a spreadsheet would obey is a string in quotes.
        ("<script>x</script>", pa.string(), '"<script>x</script>"'),
        ("\x1b[31m\x00\x07", pa.string(), r'"\u001b[31m\u0000\u0007"'),
        ('=cmd|"/C"!A0\r\n', pa.string(), r'"=cmd|\"/C\"!A0\r\n"'),
        ("a\u202eb\u2066c\u2069", pa.string(), r'"a\u202eb\u2066c\u2069"'),
        ("a\u2028b\u2029c\x85d", pa.string(), r'"a\u2028b\u2029c\u0085d"'),
        # Neighbours of those, and what looks like an escape.
        ("\u2027\u202f\u2065\u206a\x84", pa.string(), '"\u2027\u202f\u2065\u206a\x84"'),
        ("\\u2028 \u2028", pa.string(), r'"\\u2028 \u2028"'),
        ("人\U0001f600", pa.string(), '"人\U0001f600"'),
    ],
)
def test_every_type_has_one_form(
    value: Any, kind: pa.DataType, expected: str | None
) -> None:
    line = json_of(value, kind)
    told = json.loads(line)
    if expected is None:
        moments = ["2024-02-29 12:30:01.000005", None]
        assert told == {"x": "12345678901234567890.10", "y": moments}
        return
    assert line == expected
    if isinstance(value, str):
        assert told == value
        assert len(line.splitlines()) == 1


def test_columns_have_the_names_and_the_order_that_were_asked_for() -> None:
    batch = pa.record_batch({"doc_id": ["a"], "text": ["x"], "=n\n\u202e": [1]})
    form = Form((("text", "text"), ("<id>", "doc_id"), ("=n\n\u202e", "=n\n\u202e")))
    line = written(batch, form)
    assert line == b'{"text":"x","<id>":"a","=n\\n\\u202e":1}\n'
    assert form.reads == ["text", "doc_id", "=n\n\u202e"]


TEXTS = ["", "\n", "a\n\nb\r\n", "end", "\nend", "en", "d\n", "\u2028\x1e\x00", "en\nd"]


def texts_of(texts: list[str]) -> pa.RecordBatch:
    doc_ids = [f"d{number}" for number in range(len(texts))]
    return pa.record_batch({"doc_id": doc_ids, "text": texts})


def test_texts_are_told_apart_whatever_they_hold() -> None:
    fitting = [text for text in TEXTS if "end" not in text]
    form = Form((("text", "text"),), "end")
    whole = written(texts_of(fitting), form) + written(texts_of(fitting[::-1]), form)
    back = whole.decode().split("\nend\n")
    assert back == [*fitting, *fitting[::-1], ""]
    assert whole.count(form.ending) == 2 * len(fitting)


@pytest.mark.parametrize("text", ["end", "\nend", "a end b", "bendend"])
def test_a_text_with_the_separator_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="stands in texts, as of d1: nobody") as error:
        written(texts_of(["a", text]), Form((("text", "text"),), "end"))
    assert "bend" not in str(error.value)


@pytest.mark.parametrize(
    ("draws", "expected"),
    [
        (pa.array([2, 0, 1], pa.int32()), ["a", "a", "c"]),
        (pa.array([True, False, True]), ["a", "c"]),
        (pa.array([0, 0, 0], pa.int32()), []),
    ],
)
def test_what_was_drawn(draws: pa.Array, expected: list[str]) -> None:
    batch = pa.record_batch({"text": ["a", "b", "c"], "draw": draws})
    assert drawn(batch, "draw").column("text").to_pylist() == expected


def test_streams_are_read_by_the_usual_programs_and_equal_however_cut() -> None:
    data = b"".join(b"line %d\n" % number for number in range(20_000))
    blocks = [data[:7], data[7:50_000], data[50_000:]]
    assert b"".join(compressed(blocks, "")) == data
    packed = b"".join(compressed(blocks, "gz"))
    assert gzip.decompress(packed) == data
    assert packed[4:8] == bytes(4), "a time"
    assert b"".join(compressed([data], "gz")) == packed
    packed = b"".join(compressed(blocks, "zst"))
    reader = zstandard.ZstdDecompressor().decompressobj()
    assert reader.decompress(packed) == data
    assert b"".join(compressed([data], "zst")) == packed

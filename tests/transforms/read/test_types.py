"""Which types are carried as they are, judged by `datasets` and Parquet themselves."""

from __future__ import annotations

import io

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.transforms.read.types import carried_type, is_loadable, plain_type

MAP = pa.map_(pa.string(), pa.int32())

KEPT = [
    pa.bool_(),
    pa.uint64(),
    pa.float16(),
    pa.decimal128(5, 2),
    pa.decimal256(50, 2),
    pa.date32(),
    pa.time64("us"),
    pa.timestamp("us", "+01:00"),
    pa.timestamp("ns"),
    pa.duration("ms"),
    pa.binary(4),
    pa.list_(pa.int32()),
    pa.large_list(pa.large_string()),
    pa.struct([("a", pa.list_(pa.struct([("b", pa.string_view())])))]),
    pa.struct([("a", pa.dictionary(pa.int8(), pa.string()))]),
]

AS_JSON = [
    MAP,
    pa.list_(MAP),
    pa.list_(MAP, 2),
    pa.struct([("a", pa.int8()), ("b", pa.large_list(MAP))]),
    pa.map_(pa.string(), MAP),
    pa.month_day_nano_interval(),
    pa.struct([("a", pa.month_day_nano_interval())]),
    pa.sparse_union([pa.field("a", pa.int32())]),
    pa.dense_union([pa.field("a", pa.int32())]),
    pa.list_(pa.run_end_encoded(pa.int32(), pa.string())),
    pa.list_view(pa.int32()),
    pa.large_list_view(pa.int32()),
    pa.list_(pa.decimal32(5, 2)),
    pa.list_(pa.uuid()),
    pa.struct([]),
    pa.list_(pa.struct([])),
]

CHANGED = [
    (pa.run_end_encoded(pa.int32(), pa.large_string()), pa.string()),
    (pa.decimal32(5, 2), pa.decimal128(5, 2)),
    (pa.decimal64(15, 2), pa.decimal128(15, 2)),
    (pa.uuid(), pa.binary(16)),
    (pa.list_(pa.int32(), 3), pa.list_(pa.int32())),
    (
        pa.struct([("a", pa.large_list(pa.list_(pa.int8(), 2)))]),
        pa.struct([("a", pa.large_list(pa.list_(pa.int8())))]),
    ),
]


def loads(data_type: pa.DataType) -> bool:
    """Write and read nulls of a type, and ask `datasets` for its feature."""
    buffer = io.BytesIO()
    try:
        pq.write_table(pa.table({"c": pa.nulls(2, data_type)}), buffer)
        pq.read_table(buffer)
        datasets.Features.from_arrow_schema(pa.schema([("c", data_type)]))
    except (pa.ArrowException, ValueError):
        return False
    return True


@pytest.mark.parametrize("data_type", KEPT, ids=str)
def test_kept(data_type: pa.DataType) -> None:
    assert carried_type(data_type) == data_type
    assert is_loadable(data_type)
    assert loads(data_type)


@pytest.mark.parametrize("data_type", AS_JSON, ids=str)
def test_as_json(data_type: pa.DataType) -> None:
    assert carried_type(data_type) == pa.string()
    assert not is_loadable(plain_type(data_type))
    assert not loads(data_type)


@pytest.mark.parametrize(("data_type", "expected"), CHANGED)
def test_changed(data_type: pa.DataType, expected: pa.DataType) -> None:
    assert carried_type(data_type) == expected
    assert loads(expected)

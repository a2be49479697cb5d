from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.errors import InputError
from isinglass.transforms.read.structure import require_structure

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[..., Any]

BAD_TEXT = pa.Array.from_buffers(
    pa.string(),
    2,
    [None, pa.py_buffer(np.array([0, 1, 3], np.int32)), pa.py_buffer(b"a\xff\xfe")],
)


def strings(*offsets: int) -> pa.Array:
    buffers = [None, pa.py_buffer(np.array(offsets, np.int32)), pa.py_buffer(b"abcdef")]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)


def indices(*values: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(
        pa.array(values, pa.int32()), pa.array(["x", "y"]), safe=False
    )


def lists(*offsets: int) -> pa.Array:
    buffers = [None, pa.py_buffer(np.array(offsets, np.int32))]
    kind, inner = pa.list_(pa.string()), pa.array(["x", "y"])
    return pa.Array.from_buffers(kind, len(offsets) - 1, buffers, children=[inner])


def inside(column: pa.Array) -> list[pa.Array]:
    """A column itself, and deep in others of every kind."""
    keys = pa.array(["k"] * len(column))
    one = pa.array(range(len(column) + 1), pa.int32())
    long = one.cast(pa.int64())
    return [
        column,
        pa.StructArray.from_arrays([column], ["a"]),
        pa.ListArray.from_arrays(one, column),
        pa.LargeListArray.from_arrays(long, column),
        pa.FixedSizeListArray.from_arrays(column, 1),
        pa.ListViewArray.from_arrays(one[:-1], pa.array([1] * len(column)), column),
        pa.MapArray.from_arrays(one, keys, column),
    ]


SOUND = [strings(0, 3, 6), indices(0, 1), lists(0, 1, 2), BAD_TEXT]
BROKEN = [strings(0, 7, 6), strings(0, -1, 6), strings(3, 2, 6)]
BROKEN += [indices(0, 2), indices(-1, 0), lists(0, 3, 2)]


DEPTHS = 7


# By number, since pytest shows arguments of a test that fails, and these cannot be.
@pytest.mark.parametrize("number", range(len(SOUND)))
@pytest.mark.parametrize("depth", range(DEPTHS))
def test_sound_structures(number: int, depth: int) -> None:
    nested = inside(SOUND[number])[depth]
    require_structure(pa.record_batch({"a": nested, "b": pa.nulls(len(nested))}))


@pytest.mark.parametrize("number", range(len(BROKEN)))
@pytest.mark.parametrize("depth", range(DEPTHS))
def test_broken_structures(number: int, depth: int) -> None:
    # A text that is no UTF-8 must not hide what else is wrong.
    for other in (pa.nulls(2), BAD_TEXT):
        nested = inside(BROKEN[number])[depth]
        batch = pa.record_batch({"other": other, "a": nested})
        with pytest.raises(pa.ArrowInvalid):
            require_structure(batch)


def test_other_types() -> None:
    key = pa.array([bytes(16), None], pa.uuid())
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), ["x"])
    require_structure(pa.record_batch({"key": key, "runs": runs, "text": BAD_TEXT}))


def ipc(*batches: pa.RecordBatch) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def test_records_of_a_broken_batch_are_named(read: Read) -> None:
    texts = [pa.array(["a", "b"]), strings(0, 7, 6), pa.array(["c", "d"])]
    batches = [pa.record_batch({"text": text}) for text in texts]
    data = ipc(*batches)
    found = read("a.arrow", data, rows=6)
    assert found.texts == {0: "a", 1: "b", 4: "c", 5: "d"}
    assert found.reasons == {2: "unreadable_file", 3: "unreadable_file"}
    assert found.rejected[0]["detail"] == "a record batch cannot be decoded"
    broken = data[: len(ipc(batches[0])) + 8]
    cut = read("a.arrow", broken, rows=6)
    assert (len(cut.documents), len(cut.rejected)) == (2, 4)
    with pytest.raises(InputError, match="record batches are missing"):
        read("a.arrow", broken)

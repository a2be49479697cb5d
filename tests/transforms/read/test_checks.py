from __future__ import annotations

import pyarrow as pa
import pytest

from isinglass.transforms.read.checks import check_texts, invalid_rows, is_text_type

TEXT_TYPES = [
    pa.string(),
    pa.large_string(),
    pa.string_view(),
    pa.binary(),
    pa.large_binary(),
    pa.binary_view(),
    pa.dictionary(pa.int8(), pa.string()),
]


@pytest.mark.parametrize("data_type", TEXT_TYPES, ids=str)
def test_sound_texts_of_every_type(data_type: pa.DataType) -> None:
    values = ["a", "", "é😀", "a"]
    column = pa.array(["x", *values, "y"]).cast(data_type).slice(1, 4)
    checked = check_texts(column, 10)
    assert checked.texts.type == pa.string()
    assert checked.texts.to_pylist() == values
    assert checked.sound.all()
    assert checked.rejections == ()


CASES = [
    (b"\xff", "invalid_utf8", "byte 0 of the text"),
    (b"ab\xe2\x82", "invalid_utf8", "byte 2 of the text"),
    (b"\xed\xa0\x80", "invalid_utf8", "byte 0 of the text"),
    (b"ab\0", "nul_character", "character 2 of the text"),
    (b"\0", "nul_character", "character 0 of the text"),
    (b"12345678", "too_long", "8 characters, 7 allowed"),
    ("é".encode() * 8, "too_long", "8 characters, 7 allowed"),
    (None, "missing_text", "the text is null"),
]


@pytest.mark.parametrize(("raw", "reason", "detail"), CASES)
@pytest.mark.parametrize("data_type", [pa.string(), pa.large_binary()], ids=str)
def test_each_reason(
    raw: bytes | None, reason: str, detail: str, data_type: pa.DataType
) -> None:
    octets = pa.array([b"before", raw, b"after"], pa.binary())
    column = octets.view(pa.string())
    if data_type != pa.string():
        column = octets.cast(data_type)
    checked = check_texts(column, 7)
    assert checked.texts.to_pylist() == ["before", "after"]
    assert checked.sound.tolist() == [True, False, True]
    [rejection] = checked.rejections
    assert (rejection.row, rejection.reason, rejection.detail, rejection.raw) == (
        1,
        reason,
        detail,
        raw,
    )


def test_near_misses() -> None:
    texts = ["1234567", "é" * 7, "\ufffd", "\x01\x7f", "\ufffe"]
    assert check_texts(pa.array(texts), 7).texts.to_pylist() == texts


def test_no_texts_and_only_nulls() -> None:
    assert len(check_texts(pa.array([], pa.string()), 7).texts) == 0
    checked = check_texts(pa.nulls(2), 7)
    assert [r.reason for r in checked.rejections] == ["missing_text"] * 2


def test_invalid_rows_of_nested_columns() -> None:
    inner = pa.array([b"a", b"\xff", b"b"], pa.binary()).view(pa.string())
    column = pa.ListArray.from_arrays(pa.array([0, 1, 3], pa.int32()), inner)
    assert invalid_rows(column).tolist() == [False, True]
    assert invalid_rows(column.slice(0, 1)).tolist() == [False]


@pytest.mark.parametrize("other", [pa.int64(), pa.list_(pa.string()), pa.bool_()])
def test_other_types_hold_no_texts(other: pa.DataType) -> None:
    assert not is_text_type(other)

"""Identifiers of China."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("CN_ID_CARD", ("身份证11010519491231002X已核验", ["11010519491231002X"])),
    ("CN_ID_CARD", ("110105194912310021, 990105194912310028, 11010519491331002X", [])),
    ("CN_ID_CARD", ("111010519491231002X 11010519491231002XA", [])),
    ("CN_ID_CARD", ("469048192112263169", [])),
    ("CN_PASSPORT", ("护照E12345678。", ["E12345678"])),
    ("CN_PASSPORT", ("Chinese passport no. EA1234567", ["EA1234567"])),
    ("CN_PASSPORT", ("型号E12345678。", [])),
    ("CN_PASSPORT", ("护照E1234567。护照号A12345678", [])),
    ("CN_PLATE", ("车牌京A12345。粤B·D12345", ["京A12345", "粤B·D12345"])),
    ("CN_PLATE", ("沪A1234学车", ["沪A1234学"])),
    ("CN_PLATE", ("车牌号浙EFBHJC", ["浙EFBHJC"])),
    ("CN_PLATE", ("浙EFBHJC", [])),
    ("CN_PLATE", ("京A1234, 王A12345, 京I12345, 京A1234567", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

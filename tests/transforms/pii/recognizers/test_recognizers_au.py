"""Identifiers of Australia."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("AU_TFN", ("TFN: 123 456 782", ["123 456 782"])),
    ("AU_TFN", ("tax_file_number=123456782", ["123456782"])),
    ("AU_TFN", ("123 456 782", [])),
    ("AU_TFN", ("TFN: 123 456 783; 123 456-782", [])),
    ("AU_MEDICARE", ("Medicare 2123 45670 1", ["2123 45670 1"])),
    ("AU_MEDICARE", ("Medicare number 2123 45671 1", [])),
    ("AU_MEDICARE", ("2123 45670 1", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

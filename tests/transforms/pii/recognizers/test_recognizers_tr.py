"""Identifiers of Turkey."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("TR_NATIONAL_ID", ("T.C. Kimlik No: 10000000146", ["10000000146"])),
    ("TR_NATIONAL_ID", ("TC kimlik numarası 12345678950", ["12345678950"])),  # noqa: RUF001
    ("TR_NATIONAL_ID", ("T.C. KİMLİK NO 10000000146", ["10000000146"])),
    ("TR_NATIONAL_ID", ("TCKN=10000000146&x", ["10000000146"])),
    ("TR_NATIONAL_ID", ("tckn;10000000146;Ankara", ["10000000146"])),
    ("TR_NATIONAL_ID", ("TC: 100 000 001 46", ["100 000 001 46"])),
    ("TR_NATIONAL_ID", ("TC 10000000146 06100 Ankara", ["10000000146"])),
    ("TR_NATIONAL_ID", ("10000000146; TC no 12345678950", ["12345678950"])),
    ("TR_NATIONAL_ID", ("Turkish identity number 10000000146", ["10000000146"])),
    ("TR_NATIONAL_ID", ('{"tcKimlikNo": 10000000146}', ["10000000146"])),
    ("TR_NATIONAL_ID", ("他的TC号10000000146。", ["10000000146"])),
    ("TR_NATIONAL_ID", ("10000000146, 100 000 001 46", [])),  # no word
    ("TR_NATIONAL_ID", ("TC 10000000145, 10000000156", [])),  # check digits
    ("TR_NATIONAL_ID", ("TC 00000000146, 1000000014, 100000001466", [])),
    ("TR_NATIONAL_ID", ("TC 10000000146.50 ve 1.10000000146", [])),
    ("TR_NATIONAL_ID", ("TC 10 000 000 146", [])),  # an amount
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

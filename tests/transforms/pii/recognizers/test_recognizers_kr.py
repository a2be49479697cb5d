"""Identifiers of Korea."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("KR_RRN", ("주민등록번호는 900101-1234568입니다", ["900101-1234568"])),
    ("KR_RRN", ("200101-3000000", ["200101-3000000"])),
    ("KR_RRN", ("900101-1234569, 901301-1234568, 900101-9234568", [])),
    ("KR_RRN", ("주민번호 9001011234568", ["9001011234568"])),
    ("KR_RRN", ("9001011234568", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

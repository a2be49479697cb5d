"""Identifiers of India."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("IN_AADHAAR", ("2345 6789 0124", ["2345 6789 0124"])),
    ("IN_AADHAAR", ("Aadhaar: 234567890124", ["234567890124"])),
    ("IN_AADHAAR", ("आधार 234567890124", ["234567890124"])),
    ("IN_AADHAAR", ("tracking 234567890124", [])),
    ("IN_AADHAAR", ("2345 6789 0125, 1345 6789 0124, 2345 6789-0124", [])),
    ("IN_AADHAAR", ("2345 6789 0124 1111 and 1111 2345 6789 0124", [])),
    ("IN_PAN", ("PAN ABCPE1234F", ["ABCPE1234F"])),
    ("IN_PAN", ("ABCPE1234F", ["ABCPE1234F"])),
    ("IN_PAN", ("ABCCE1234F, ABCDE1234F, abcpe1234f", [])),
    ("IN_PAN", ("PAN card: ABCCE1234F", ["ABCCE1234F"])),
    ("IN_PAN", ("company abcpe1234f", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

"""Identifiers of the United States and Canada."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("US_SSN", ("SSN 514-69-0360.", ["514-69-0360"])),
    ("US_SSN", ("her 514-69-0360, his 900 12 3456", ["514-69-0360", "900 12 3456"])),
    ("US_SSN", ("社会保障514-69-0360号", ["514-69-0360"])),
    ("US_SSN", ("order 514690360", [])),
    ("US_SSN", ("Social Security number: 514690360", ["514690360"])),
    ("US_SSN", ("my ssn is 514.69.0360", ["514.69.0360"])),
    ("US_SSN", ("row 514.69.0360", [])),
    ("US_SSN", ("000-12-3456 666-12-3456 514-00-0360 514-69-0000", [])),
    ("US_SSN", ("078-05-1120 219-09-9999 123-45-6789 987-65-4321", [])),
    ("US_SSN", ("12-514-69-0360, 514-69-0360-1, 1514-69-0360, 514-69-03601", [])),
    ("US_SSN", ("columns 100 514 69 0360 and 514 69 0360 12", [])),
    ("US_SSN", ("ISBN 978-514-69-0360", [])),
    ("US_ITIN", ("ITIN 912-70-1234", ["912-70-1234"])),
    ("US_ITIN", ("912-70-1234 and 912 70 1235", ["912-70-1234"])),
    ("US_ITIN", ("tax id: 912701234", ["912701234"])),
    ("US_ITIN", ("912-49-1234, 812-70-1234, 987-65-4329", [])),
    ("CA_SIN", ("SIN number: 130 692 544", ["130 692 544"])),
    ("CA_SIN", ("social_insurance=130692544", ["130692544"])),
    ("CA_SIN", ("130 692 544 people", [])),
    ("CA_SIN", ("SIN number: 130 692 545, 130-692 544", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

"""Identifiers of Ireland."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[Case] = [
    ("PPSN: 1234567T", ["1234567T"]),
    ("PPS No. 1234567FA, PPS number 1234567TW", ["1234567FA", "1234567TW"]),
    ("pps 1234567t", ["1234567t"]),
    ("P.P.S. 1234567 T", ["1234567 T"]),
    ("PPSN 1234567-FA", ["1234567-FA"]),
    ("personal public service number (6433435F)", ["6433435F"]),
    ("RSI No 6433435F", ["6433435F"]),
    ("Uimhir PSP 6433435F", ["6433435F"]),
    ('{"ppsn": "6433435F"}', ["6433435F"]),
    ("Murphy,PPSN,6433435F,Cork", ["6433435F"]),
    ("号码PPSN是6433435F。", ["6433435F"]),
    ("1234567T, 6433435F", []),
    ("PPSN 1234567U, 1234567FB, 123456T, 12345678T", []),  # check letter, length
    ("PPSN 1111111L, 1234567X, 1234567TZ", []),
    ("VAT IE1234567T, company 1234567T", []),
    ("PPSN 1.1234567T", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_exact_values(text: str, expected: list[str]) -> None:
    assert found(text, "IE_PPSN") == expected

"""Identifiers of the Netherlands."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[Case] = [
    ("BSN: 123456782", ["123456782"]),
    ("bsn=111222333", ["111222333"]),
    ("BSN-nummer 123 456 782", ["123 456 782"]),
    ("Burgerservicenummer (1234.56.782)", ["1234.56.782"]),
    ("burgerservicenummers 1234 56 782 en 1112.22.333", ["1234 56 782", "1112.22.333"]),
    ("sofi-nummer 123.456.782", ["123.456.782"]),  # as it was called until 2007
    ("sociaal-fiscaal nummer 123-456-782", ["123-456-782"]),
    ("citizen service number 123456782", ["123456782"]),
    ('{"bsn": "123456782"}', ["123456782"]),
    ("Jansen;BSN;123456782;Utrecht", ["123456782"]),
    ("BSN 010464554", ["010464554"]),
    ("荷兰BSN号码为123456782。", ["123456782"]),
    ("123456782", []),
    ("123 456 782 en 123.456.782", []),
    ("BSN 123456783, 12345678, 1234567824", []),  # check digit, length
    ("BSN 000000012, 111111111", []),  # two zeros, one digit repeated
    ("BSN 123456782.50 of 1,123456782", []),
    ("BSN 123 456.782, 12 34 56 782", []),
    ("BSN: 3 123 456 782 1", []),
    ("KvK 123456782, bestelnummer 111222333", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_exact_values(text: str, expected: list[str]) -> None:
    assert found(text, "NL_BSN") == expected

"""Identifiers of Spain."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("ES_NIF", ("DNI 12345678Z, 12345678-Z", ["12345678Z", "12345678-Z"])),
    ("ES_NIF", ("con 12.345.678-Z", ["12.345.678-Z"])),
    ("ES_NIF", ("12345678A 12345678Ñ 1234567Z", [])),
    ("ES_NIF", ("{85250000L, 93250000L}", [])),
    ("ES_NIF", ("DNI: 93250000L", ["93250000L"])),
    ("ES_NIF", ("dni 12345678z", ["12345678z"])),
    ("ES_NIF", ("ref 12345678z", [])),
    ("ES_NIE", ("NIE X1234567L", ["X1234567L"])),
    ("ES_NIE", ("X-1234567-L", ["X-1234567-L"])),
    ("ES_NIE", ("X1234567M, W1234567L, AX1234567L", [])),
    ("ES_NIE", ("ref x1234567l", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

"""Identifiers of Brazil."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("BR_CPF", ("111.444.777-35", ["111.444.777-35"])),
    ("BR_CPF", ("CPF 11144477735", ["11144477735"])),
    ("BR_CPF", ("11144477735", [])),
    ("BR_CPF", ("111.444.777-36, 111.111.111-11, 1.111.444.777-35", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

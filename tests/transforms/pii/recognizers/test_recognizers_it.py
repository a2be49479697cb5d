"""Identifiers of Italy."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("IT_FISCAL_CODE", ("RSS MRA 85T10 A562S", ["RSS MRA 85T10 A562S"])),
    ("IT_FISCAL_CODE", ("C.F. RSSMRA85T10A562S", ["RSSMRA85T10A562S"])),
    ("IT_FISCAL_CODE", ("rssmra85t10a562s", ["rssmra85t10a562s"])),
    ("IT_FISCAL_CODE", ("RSSMRA85T10A56NH", ["RSSMRA85T10A56NH"])),
    ("IT_FISCAL_CODE", ("RSSMRA85T10A562T RSSMRA85Z10A562S XRSSMRA85T10A562S", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

"""Identifiers of France."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("FR_NIR", ("NIR : 2 55 08 14 168 025 38.", ["2 55 08 14 168 025 38"])),
    ("FR_NIR", ("255081416802538", ["255081416802538"])),
    ("FR_NIR", ("1 84 12 2A 018 067 47", ["1 84 12 2A 018 067 47"])),
    ("FR_NIR", ("255081416802539", [])),
    ("FR_NIR", ("2 55 08 14 168 025 39, 255 08 14 168 025 38", [])),
    ("FR_NIR", ("9255081416802538 2550814168025381", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

"""Identifiers of the United Kingdom."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("UK_NHS", ("NHS number 943 476 5919", ["943 476 5919"])),
    ("UK_NHS", ('{"nhs_number": "9434765919"}', ["9434765919"])),
    ("UK_NHS", ("call 943 476 5919 or 943-476-5919", [])),
    ("UK_NHS", ("NHS number 943 476 5918", [])),
    ("UK_NHS", ("NHS number 1 943 476 5919", [])),
    ("UK_NINO", ("AB 12 34 56 C", ["AB 12 34 56 C"])),
    (
        "UK_NINO",
        ("NI number AB123456C, or ab123457d for him", ["AB123456C", "ab123457d"]),
    ),
    ("UK_NINO", ("part AB123456C", [])),
    ("UK_NINO", ("national insurance number ab123456c", ["ab123456c"])),
    ("UK_NINO", ("GB 12 34 56 C, QQ 12 34 56 C, AB 12 34 56 E, AO 12 34 56 C", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

"""Identifiers of Germany."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("DE_TAX_ID", ("Steuer-ID: 86095742719", ["86095742719"])),
    ("DE_TAX_ID", ("47 036 892 816", ["47 036 892 816"])),
    ("DE_TAX_ID", ("Bestellung 86095742719", [])),
    ("DE_TAX_ID", ("Steuer-ID: 86095742718; 12 345 678 903", [])),
    ("DE_TAX_ID", ("9 47 036 892 816 und 47 036 892 816 5", [])),
    ("DE_ID_CARD", ("Personalausweis Nr. T220001293", ["T220001293"])),
    ("DE_ID_CARD", ("Personalausweis: T220001294", [])),
    ("DE_ID_CARD", ("Artikel T220001293", [])),
    ("DE_ID_CARD", ("Ausweis FHTLKMNPRT", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

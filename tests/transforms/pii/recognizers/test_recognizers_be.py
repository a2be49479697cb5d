"""Identifiers of Belgium."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[Case] = [
    ("85.07.30-033.28", ["85.07.30-033.28"]),
    ("85.07.30-033-28, 850730-033-28", ["85.07.30-033-28", "850730-033-28"]),
    ("85 07 30 033 28", ["85 07 30 033 28"]),
    ("850730-03328", ["850730-03328"]),
    ("850730 033 28", ["850730 033 28"]),
    ("(85/07/30 033.28)", ["85/07/30 033.28"]),
    ("17.07.30-033.84", ["17.07.30-033.84"]),  # born in 2017
    ("17.07.30-033.55", ["17.07.30-033.55"]),  # born in 1917
    ("rijksregisternummer 17073003384", ["17073003384"]),
    ("rijksregisternummer 17073003355", ["17073003355"]),
    ("Rijksregisternr.: 85073003328", ["85073003328"]),
    ("numéro de registre national : 85073003328", ["85073003328"]),
    ("N° national 85073003328", ["85073003328"]),
    ("Nationalregisternummer 85073003328", ["85073003328"]),
    ("INSZ-nummer 85073003328", ["85073003328"]),
    ("bis-nummer 85.47.30-033.17", ["85.47.30-033.17"]),  # month and forty
    ("85.27.30-033.71", ["85.27.30-033.71"]),  # month and twenty
    ("NISS 85.00.00-033.06", ["85.00.00-033.06"]),  # birthday not known
    ('{"insz": "85073003328"}', ["85073003328"]),
    ("Peeters,M,85.07.30-033.28,Gent", ["85.07.30-033.28"]),
    ("号码85.07.30-033.28。", ["85.07.30-033.28"]),
    ("85073003328", []),
    ("TVA 85073003328", []),
    ("85.07.30-033.29, 85.07.30-033.2, 85.07.30-033.281", []),  # check number, length
    ("85.13.30-033.70, 85.02.30-033.90", []),  # month 13, 30 February
    ("85.67.30-033.60, 85.07.30-000.61", []),  # no such month, no such serial
    ("1.85.07.30-033.28", []),
    ("3 85 07 30 033 28, 85 07 30 033 28 12", []),
    ("+32 85 07 30 033", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_exact_values(text: str, expected: list[str]) -> None:
    assert found(text, "BE_NATIONAL_NUMBER") == expected

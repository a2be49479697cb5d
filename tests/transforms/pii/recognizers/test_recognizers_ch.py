"""Identifiers of Switzerland."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    # The specimen of the Central Compensation Office.
    ("CH_AHV", ("756.9217.0769.85", ["756.9217.0769.85"])),
    ("CH_AHV", ("Meine Nr. ist 756.1234.5678.97.", ["756.1234.5678.97"])),
    ("CH_AHV", ("756-9217-0769-85, 3003 Bern", ["756-9217-0769-85"])),
    ("CH_AHV", ("AVS 756 9217 0769 85 (carte)", ["756 9217 0769 85"])),
    ("CH_AHV", ("7;Muster;756.9217.0769.85;3003", ["756.9217.0769.85"])),
    ("CH_AHV", ("756.9217.0769.85 3003 Bern", ["756.9217.0769.85"])),
    ("CH_AHV", ("请通过756.9217.0769.85与我们联系", ["756.9217.0769.85"])),
    ("CH_AHV", ('{"ahv_nummer": 7569217076985}', ["7569217076985"])),
    ("CH_AHV", ("AHVN13: 7569217076985", ["7569217076985"])),
    ("CH_AHV", ("AHV-Nr. 7569217076985", ["7569217076985"])),
    ("CH_AHV", ("Numéro d'assuré 7569217076985", ["7569217076985"])),
    ("CH_AHV", ("numero AVS: 7569217076985", ["7569217076985"])),
    ("CH_AHV", ("7569217076985, EAN 7569217076985", [])),  # no word
    ("CH_AHV", ("AHV 756.9217.0769.84, 7569217076984", [])),  # check digit
    ("CH_AHV", ("AHV 755.9217.0769.85, 7559217076985", [])),  # another prefix
    ("CH_AHV", ("AHV 756.9217.0769.8, 756921707698", [])),
    ("CH_AHV", ("AHV 756.9217.0769.855, 75692170769850", [])),
    ("CH_AHV", ("756.9217-0769.85", [])),  # two separators
    ("CH_AHV", ("Nr. 756 9217 0769 85 12/03/1980", ["756 9217 0769 85"])),
    ("CH_AHV", ("AHV 756.9217.0769.85.50 und 1.756.9217.0769.85", [])),
    ("CH_AHV", ("AHV 756.7569.2170.76", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

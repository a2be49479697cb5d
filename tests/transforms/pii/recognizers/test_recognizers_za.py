"""Identifiers of South Africa."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    # Shown as an example of the form.
    ("ZA_ID_NUMBER", ("800101 5009 087", ["800101 5009 087"])),
    ("ZA_ID_NUMBER", ("800101 5009 08 7", ["800101 5009 08 7"])),
    (
        "ZA_ID_NUMBER",
        (
            "800101/5009/08/7 and 800101-5009-087",
            ["800101/5009/08/7", "800101-5009-087"],
        ),
    ),
    ("ZA_ID_NUMBER", ("Jo;800101 5009 087;0001", ["800101 5009 087"])),
    ("ZA_ID_NUMBER", ("ID number: 8001015009087", ["8001015009087"])),
    ("ZA_ID_NUMBER", ("his id no. is 8001015009087", ["8001015009087"])),
    ("ZA_ID_NUMBER", ('{"id_number": "8001015009087"}', ["8001015009087"])),
    ("ZA_ID_NUMBER", ("SA ID 8001015009087", ["8001015009087"])),
    ("ZA_ID_NUMBER", ("ID-nommer 8001015009087", ["8001015009087"])),
    ("ZA_ID_NUMBER", ("他的ID 8001015009087。", ["8001015009087"])),
    ("ZA_ID_NUMBER", ("ID 0912315009189", ["0912315009189"])),  # 1909 or 2009
    ("ZA_ID_NUMBER", ("8001015009087", [])),  # no word
    ("ZA_ID_NUMBER", ("ID 8001015009086, 800101 5009 086", [])),  # check digit
    ("ZA_ID_NUMBER", ("ID 8013015009082, 8002305009084", [])),  # no such day
    ("ZA_ID_NUMBER", ("ID 8001015009384, 8001015009079", [])),  # status, old group
    ("ZA_ID_NUMBER", ("ID 800101500908, 80010150090870", [])),
    ("ZA_ID_NUMBER", ("ID 8001015009087.5, 1.8001015009087", [])),
    ("ZA_ID_NUMBER", ("no 3 800101 5009 087 12/03/1980", ["800101 5009 087"])),
    ("ZA_ID_NUMBER", ("id 1609459200000", [])),  # milliseconds
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

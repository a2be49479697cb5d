"""Identifiers of Poland."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("PL_PESEL", ("PESEL: 44051401359", ["44051401359"])),
    ("PL_PESEL", ("pesel=02270803624", ["02270803624"])),  # born in 2002
    ("PL_PESEL", ("numer ewidencyjny (44051401359)", ["44051401359"])),
    ("PL_PESEL", ("Zmiana PESEL-u 44051401359 na nowy", ["44051401359"])),
    ("PL_PESEL", ("44051401359", [])),
    ("PL_PESEL", ("NIP 44051401359", [])),
    ("PL_PESEL", ("PESEL 44051401358, 4405140135, 440514013599", [])),  # check digit
    ("PL_PESEL", ("PESEL 44251401355", [])),  # no such day yet
    ("PL_PESEL", ("PESEL 02070803628", [])),  # born in 1902
    ("PL_PESEL", ("PESEL 44130101350, 44023001356", [])),  # month 13, 30 February
    ("PL_PESEL", ("PESEL 44-05-14-01359, 1.44051401359", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

"""Identifiers of Singapore."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("SG_NRIC_FIN", ("S1234567D", ["S1234567D"])),
    ("SG_NRIC_FIN", ("T1234567J, F1234567N", ["T1234567J", "F1234567N"])),
    ("SG_NRIC_FIN", ("G1234567X and M1234567K", ["G1234567X", "M1234567K"])),
    ("SG_NRIC_FIN", ("M5043078W", ["M5043078W"])),
    ("SG_NRIC_FIN", ("1,S1234567D,Tan", ["S1234567D"])),
    ("SG_NRIC_FIN", ("身份证S1234567D。谢谢", ["S1234567D"])),
    ("SG_NRIC_FIN", ("NRIC s1234567d", ["s1234567d"])),
    ("SG_NRIC_FIN", ("nric=s1234567d&x", ["s1234567d"])),
    ("SG_NRIC_FIN", ("FIN No. G 1234567 X", ["G 1234567 X"])),
    ("SG_NRIC_FIN", ("NRIC: S-1234567-D", ["S-1234567-D"])),
    ("SG_NRIC_FIN", ("s1234567d, S-1234567-D", [])),  # no word
    ("SG_NRIC_FIN", ("NRIC S1234567E, M1234567M, T1234567D", [])),  # last letter
    ("SG_NRIC_FIN", ("NRIC A1234567D", [])),
    ("SG_NRIC_FIN", ("NRIC S123456D, S12345678D, S1234567DD", [])),
    ("SG_NRIC_FIN", ("NRIC S****567D, 567D", [])),
    ("SG_NRIC_FIN", ("UEN 53125226D, 201434292D", [])),  # of companies
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

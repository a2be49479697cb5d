"""Identifiers of Denmark."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[Case] = [
    ("070761-4285", ["070761-4285"]),
    ("070761 - 4285", ["070761 - 4285"]),
    ("CPR 0707614285", ["0707614285"]),
    ("cpr-nr. 070761 4285", ["070761 4285"]),
    ("CPR-nummer: 010107-4000", ["010107-4000"]),  # without a check digit
    ("cprnr=0101074000", ["0101074000"]),
    ("personnummer 010107 - 4000", ["010107 - 4000"]),
    ("civil registration number 0707614285", ["0707614285"]),
    ("010124-2994, cpr 010124-0008", ["010124-2994", "010124-0008"]),  # born in 1924
    ("cpr 0101240008", ["0101240008"]),
    ('{"cpr": "070761-4285"}', ["070761-4285"]),
    ("Jensen,CPR,0707614285,Aarhus", ["0707614285"]),
    ("番号070761-4285です", ["070761-4285"]),
    ("0707614285, 070761 4285", []),
    ("070761-4286, 010107-4000", []),  # check digit
    ("cpr 070761-428, 070761-42851, 1070761-4285", []),
    ("cpr 071361-4289, 320761-4288, 300207-4000", []),  # month 13, day 32, 30 February
    ("cpr 010160-5000", []),  # 1860
    ("150312-1421, 150312-1456", []),  # a date with a time
    ("cvr 0707614285, tlf. 70 76 14 28", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_exact_values(text: str, expected: list[str]) -> None:
    assert found(text, "DK_CPR") == expected

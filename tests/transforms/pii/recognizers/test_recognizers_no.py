"""Identifiers of Norway."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[Case] = [
    ("010190 12480", ["010190 12480"]),
    ("010190-12480, 01.01.90-12480", ["010190-12480", "01.01.90-12480"]),
    ("01 01 90 124 80", ["01 01 90 124 80"]),
    ("01.01.90 - 12480", ["01.01.90 - 12480"]),
    ("fødselsnummer: 01019012480", ["01019012480"]),
    ("fnr. 01019012480", ["01019012480"]),
    ("fødsels- og personnummer (01019012480)", ["01019012480"]),
    ("D-nummer 41018012012", ["41018012012"]),
    ("410180 12012", ["410180 12012"]),  # D-number
    ("national identity number 01019012480", ["01019012480"]),
    ("150219 51940", ["150219 51940"]),  # born in 2019
    ("010120 12574", ["010120 12574"]),  # born in 1920
    ("fnr 01012012574", ["01012012574"]),
    ("010155 60041", []),  # 1855
    ('{"fnr": "01019012480"}', ["01019012480"]),
    ("Hansen,010190 12480,Bergen", ["010190 12480"]),
    ("号码010190 12480。", ["010190 12480"]),
    ("01019012480", []),
    ("kontonummer 01019012480", []),
    ("010190 12481, 010190 1248, 010190 124801", []),  # check digit, length
    ("811090 12769, 011390 12409, 310290 12474", []),
    ("1 010190 12480, 010190 12480 7", []),
    ("010190.12480", []),  # a decimal
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_exact_values(text: str, expected: list[str]) -> None:
    assert found(text, "NO_FODSELSNUMMER") == expected

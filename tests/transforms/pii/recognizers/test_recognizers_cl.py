"""Identifiers of Chile."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("CL_RUT", ("12.345.678-5", ["12.345.678-5"])),
    ("CL_RUT", ("doña Ana Rojas, 9.876.543-3, chilena", ["9.876.543-3"])),
    ("CL_RUT", ("C.I. Nº 10.000.013-K", ["10.000.013-K"])),
    ("CL_RUT", ("10.000.013-k", ["10.000.013-k"])),
    ("CL_RUT", ("09.876.543-3 y 12.345.678 - 5", ["09.876.543-3", "12.345.678 - 5"])),
    ("CL_RUT", ("Ana;12.345.678-5;Arica", ["12.345.678-5"])),
    ("CL_RUT", ("他的12.345.678-5为", ["12.345.678-5"])),
    ("CL_RUT", ("RUT: 12345678-5", ["12345678-5"])),
    ("CL_RUT", ("R.U.N. 10000013-k", ["10000013-k"])),
    ("CL_RUT", ("RUN 12345678-5 de Arica", ["12345678-5"])),
    ("CL_RUT", ("cédula de identidad número 12345678-5", ["12345678-5"])),
    ("CL_RUT", ("rut=123456785", ["123456785"])),
    ("CL_RUT", ("RUT 10000013K, 98765433", ["10000013K", "98765433"])),
    ("CL_RUT", ("12345678-5, 123456785, 10000013-K", [])),  # no word
    ("CL_RUT", ("RUT 12.345.678-4, 12345678-4, 123456784", [])),  # check digit
    ("CL_RUT", ("RUT 76.086.428-5, 76086428-5, 760864285", [])),  # of a company
    ("CL_RUT", ("run 20240115-5, 20240113", [])),  # dates
    ("CL_RUT", ("run 123456785", [])),  # an English word
    ("CL_RUT", ("RUT 20240113", [])),  # a date
    ("CL_RUT", ("RUT 12.345.678-55, 112.345.678-5, 12.345.67-5", [])),
    ("CL_RUT", ("RUT 11.111.111-1", [])),
    ("CL_RUT", ("12.345.678-5.000 y 1.12.345.678-5", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

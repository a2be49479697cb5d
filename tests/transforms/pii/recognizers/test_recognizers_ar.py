"""Identifiers of Argentina."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("AR_DNI", ("DNI 12.345.678", ["12.345.678"])),
    ("AR_DNI", ("D.N.I. Nº 12345678, domiciliado en", ["12345678"])),
    ("AR_DNI", ("dni: 4.123.456", ["4.123.456"])),
    ("AR_DNI", ("DNI 4123456", ["4123456"])),
    ("AR_DNI", ("DNI 12 345 678 de Salta", ["12 345 678"])),
    ("AR_DNI", ("DNI 12.345.678 1000 Buenos Aires", ["12.345.678"])),
    (
        "AR_DNI",
        ("titulares de los DNI 12.345.678 y 23456789", ["12.345.678", "23456789"]),
    ),
    ("AR_DNI", ("Documento Nacional de Identidad 94123456", ["94123456"])),
    ("AR_DNI", ("Libreta de Enrolamiento N° 4.123.456", ["4.123.456"])),
    ("AR_DNI", ("nombre=ana&dni=12345678", ["12345678"])),
    ("AR_DNI", ("DNI 20501234", ["20501234"])),
    ("AR_DNI", ("她的DNI 12.345.678。谢谢", ["12.345.678"])),
    ("AR_DNI", ("12.345.678 y 12345678", [])),  # no word
    ("AR_DNI", ("DNI vencido, pagó $ 12.345.678 o ARS 12345678", [])),
    ("AR_DNI", ("DNI emitido el 20150312", [])),  # a date
    ("AR_DNI", ("DNI 12.345.678,50; 1.234.567.890; 123.456", [])),
    ("AR_DNI", ("DNI 123456, 123456789, 012345678", [])),
    ("AR_DNI", ("DNI 11.111.111", [])),
    ("AR_DNI", ("DNI 99.123.456, 99123456, 9.912.345", ["9.912.345"])),  # not issued
    ("AR_DNI", ("DNI 12345678Z, 12.345.678-Z, 12345678-Z", [])),  # Spanish
    ("AR_CUIL", ("20-12345678-6", ["20-12345678-6"])),
    ("AR_CUIL", ("C.U.I.T. 27-12345678-0", ["27-12345678-0"])),
    ("AR_CUIL", ("20-12.345.678-6", ["20-12.345.678-6"])),
    ("AR_CUIL", ("20/12345678/6, Salta", ["20/12345678/6"])),
    ("AR_CUIL", ("Ana;20-12345678-6;Salta", ["20-12345678-6"])),
    ("AR_CUIL", ("的20-12345678-6。", ["20-12345678-6"])),
    ("AR_CUIL", ("CUIL: 20123456786", ["20123456786"])),
    ("AR_CUIL", ("cuit=20123456786&x=1", ["20123456786"])),
    ("AR_CUIL", ("CUIT 20 12345678 6", ["20 12345678 6"])),
    (
        "AR_CUIL",
        ("clave única de identificación tributaria 20123456786", ["20123456786"]),
    ),
    ("AR_CUIL", ("20123456786, 20 12345678 6", [])),  # no word
    ("AR_CUIL", ("CUIL 20-12345678-5, 20123456785", [])),  # check digit
    ("AR_CUIL", ("CUIT 30-50001091-2, 30500010912", [])),  # of a company
    ("AR_CUIL", ("CUIL 20-1234567-6, 20-123456789-6, 201234567866", [])),
    ("AR_CUIL", ("20-12345678/6, 20-12345678-6-1, 20-12345678-6.5", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

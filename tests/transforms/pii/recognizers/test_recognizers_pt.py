"""Identifiers of Portugal."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("PT_NIF", ("NIF: 123456789", ["123456789"])),
    (
        "PT_NIF",
        ("NIF PT123456789, n.i.f. PT 123456789", ["PT123456789", "PT 123456789"]),
    ),
    ("PT_NIF", ("contribuinte n.º 123 456 789", ["123 456 789"])),
    ("PT_NIF", ("número de contribuinte: 123.456.789", ["123.456.789"])),
    (
        "PT_NIF",
        ("Número de Identificação Fiscal 451234561", ["451234561"]),
    ),  # not resident
    ("PT_NIF", ('{"nif": "123456789"}', ["123456789"])),
    ("PT_NIF", ("NIF;123456789;Lisboa", ["123456789"])),
    ("PT_NIF", ("NIF 300000090", ["300000090"])),  # 0 stands for 10
    ("PT_NIF", ("他的NIF为123456789", ["123456789"])),
    ("PT_NIF", ("123456789, PT123456789, 123 456 789", [])),
    ("PT_NIF", ("NIF 123456788, 12345678, 1234567890", [])),  # check digit, length
    ("PT_NIF", ("NIF 501964843, 999999990", [])),  # of a company, of nobody
    ("PT_NIF", ("NIF 123456789.50, 1.123456789", [])),
    ("PT_NIF", ("NIF 1 123 456 789", [])),
    ("PT_CARTAO_CIDADAO", ("00000000 0 ZZ4", ["00000000 0 ZZ4"])),
    (
        "PT_CARTAO_CIDADAO",
        (
            "n.º 12345678 9 ZZ1, 123456789ZZ1, 12345678 9ZZ1",
            ["12345678 9 ZZ1", "123456789ZZ1", "12345678 9ZZ1"],
        ),
    ),
    ("PT_CARTAO_CIDADAO", ("Cartão de Cidadão 12345678 9 zz1", ["12345678 9 zz1"])),
    ("PT_CARTAO_CIDADAO", ("Bilhete de Identidade n.º 12345678-9", ["12345678-9"])),
    ("PT_CARTAO_CIDADAO", ("bilhete de identidade 12345678 9", ["12345678 9"])),
    ("PT_CARTAO_CIDADAO", ("número de identificação civil: 123456789", ["123456789"])),
    ("PT_CARTAO_CIDADAO", ("cartão;12345678 9 ZZ1;Porto", ["12345678 9 ZZ1"])),
    ("PT_CARTAO_CIDADAO", ("持有12345678 9 ZZ1的人", ["12345678 9 ZZ1"])),
    ("PT_CARTAO_CIDADAO", ("12345678 9 zz1, 12345678 9, 123456789", [])),
    ("PT_CARTAO_CIDADAO", ("12345678 9 ZZ2, 12345678 8 ZZ3", [])),  # check digits
    ("PT_CARTAO_CIDADAO", ("12345678 9 ZZ11, 112345678 9 ZZ1", [])),
    ("PT_CARTAO_CIDADAO", ("Cartão de Cidadão 12345678 8, 1 12345678 9", [])),
    ("PT_CARTAO_CIDADAO", ("12345678 9 Z1Z, 12345678 9 Z", [])),
    ("PT_NISS", ("NISS: 12345678910", ["12345678910"])),
    ("PT_NISS", ("Segurança Social n.º 12345678910", ["12345678910"])),
    ("PT_NISS", ("niss 1234 5678 910, 123 456 789 10", [])),
    ("PT_NISS", ('{"niss": "12345678910"}', ["12345678910"])),
    ("PT_NISS", ("beneficiário;12345678910;Faro", ["12345678910"])),
    ("PT_NISS", ("NISS是12345678910。", ["12345678910"])),
    ("PT_NISS", ("12345678910", [])),
    (
        "PT_NISS",
        ("NISS 12345678911, 1234567891, 123456789101", []),
    ),  # check digit, length
    ("PT_NISS", ("NISS 20004567895, 32345678912", [])),  # of a company, of nobody
    ("PT_NISS", ("NISS 12345678910.5", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

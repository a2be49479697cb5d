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
    ("PL_NIP", ("NIP: 1234563218", ["1234563218"])),
    (
        "PL_NIP",
        ("NIP-u 123-456-32-18 i 123 456 32 18", ["123-456-32-18", "123 456 32 18"]),
    ),
    ("PL_NIP", ("Numer Identyfikacji Podatkowej 1234563218", ["1234563218"])),
    ("PL_NIP", ('{"nip": "1234563218"}', ["1234563218"])),
    ("PL_NIP", ("Kowalski;NIP;1234563218;Kraków", ["1234563218"])),
    ("PL_NIP", ("号码NIP是1234563218。", ["1234563218"])),
    ("PL_NIP", ("1234563218, 123-456-32-18, 123 456 32 18", [])),
    ("PL_NIP", ("NIP 123-45-63-218", [])),  # of a company
    ("PL_NIP", ("NIP 1234563219, 123456321, 12345632187", [])),  # check digit, length
    ("PL_NIP", ("NIP 1234563218.50, 1.1234563218", [])),
    ("PL_NIP", ("NIP 0234563212", [])),
    ("PL_NIP", ("telefon 1234563218", [])),
    ("PL_ID_CARD", ("dowód osobisty ABS123456", ["ABS123456"])),
    ("PL_ID_CARD", ("Nr dowodu: ABS 123456, abs123456", ["ABS 123456", "abs123456"])),
    ("PL_ID_CARD", ("legitymuje się dowodem osobistym ABA 300000", ["ABA 300000"])),
    ("PL_ID_CARD", ("identity card (ZZC003483)", ["ZZC003483"])),
    ("PL_ID_CARD", ("Nowak,dowód,ABS123456,Łódź", ["ABS123456"])),
    ("PL_ID_CARD", ("dowód是ABS123456。", ["ABS123456"])),
    ("PL_ID_CARD", ("ABS123456, ABS 123456", [])),
    (
        "PL_ID_CARD",
        ("dowód ABS223456, ABS12345, ABS1234567", []),
    ),  # check digit, length
    ("PL_ID_CARD", ("dowód abs 123456, XABS123456, ABS123456.5", [])),
    ("PL_PASSPORT", ("paszport ZS0000177", ["ZS0000177"])),
    (
        "PL_PASSPORT",
        ("nr paszportu: ZS 0000177, zs0000177", ["ZS 0000177", "zs0000177"]),
    ),
    ("PL_PASSPORT", ("passport number ZS0000177", ["ZS0000177"])),
    ("PL_PASSPORT", ('{"paszport": "ZS0000177"}', ["ZS0000177"])),
    ("PL_PASSPORT", ("持有paszport是ZS0000177的人", ["ZS0000177"])),
    ("PL_PASSPORT", ("ZS0000177", [])),
    (
        "PL_PASSPORT",
        ("paszport ZS1000177, ZS000017, ZS00001777", []),
    ),  # check digit, length
    ("PL_PASSPORT", ("PASZPORT NR 0000006", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

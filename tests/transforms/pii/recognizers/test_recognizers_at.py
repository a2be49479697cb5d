"""Identifiers of Austria."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("AT_SVNR", ("1237 010180", ["1237 010180"])),
    ("AT_SVNR", ("Max Muster, 1237 010180, Wien", ["1237 010180"])),
    ("AT_SVNR", ("Muster;1237 010180;1010", ["1237 010180"])),
    ("AT_SVNR", ("资料如下 1237 010180。谢谢", ["1237 010180"])),
    ("AT_SVNR", ("SVNR 1237 010180 1010 Wien", ["1237 010180"])),
    ("AT_SVNR", ("SV-Nr.: 1237010180", ["1237010180"])),
    ("AT_SVNR", ("svnr=1237010180&x=1", ["1237010180"])),
    ("AT_SVNR", ("Soz.-Vers.-Nr. 1237-010180", ["1237-010180"])),
    ("AT_SVNR", ("Sozialversicherungsnummer 1237/010180", ["1237/010180"])),
    ("AT_SVNR", ("Ihre Versicherungsnummer: 1237 01 01 80", ["1237 01 01 80"])),
    ("AT_SVNR", ("Vers.-Nr. 1237/01.01.80", ["1237/01.01.80"])),
    ("AT_SVNR", ("Austrian social security number 1237010180", ["1237010180"])),
    # The days of January 1965 had run out of serial numbers.
    ("AT_SVNR", ("SVNR 1248 011365", ["1248 011365"])),
    ("AT_SVNR", ("SVNR 1230 011465, 1235 011665", [])),  # check digit, month 16
    ("AT_SVNR", ("SVNR 1230 290204", ["1230 290204"])),
    ("AT_SVNR", ("SVNR 1995 210595", ["1995 210595"])),
    ("AT_SVNR", ("1995 210595", [])),  # a year and a day
    ("AT_SVNR", ("1237010180, 1237-010180, 1237/010180, 1237 01.01.80", [])),
    ("AT_SVNR", ("Tel. 1237010180", [])),
    ("AT_SVNR", ("SVNR 1236 010180, 1236010180", [])),  # check digit
    ("AT_SVNR", ("SVNR 1238 320180, 1235 300280, 1236 290205", [])),  # no such day
    ("AT_SVNR", ("SVNR 0237 010180, 237 010180", [])),
    ("AT_SVNR", ("SVNR 1237 0101800, 11237 010180", [])),
    ("AT_SVNR", ("+43 1237 010180, 1237 010180 12", [])),  # of a longer row
    ("AT_SVNR", ("1237 010180.50 und 1.1237 010180", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

"""Citations, versions, dates and addresses of machines look like numbers to call."""

from __future__ import annotations

import pytest

from tests.transforms.pii.phones.scanning import values

CITATIONS = [
    "Nucl. Phys. B 512 (1998) 245-259",
    "B 512 (1998) 245-259",
    "Nature 575 (2019) 505-510",
    "Nature 575 (2019) 505\u2013510",
    "Proc. IEEE 86 (1998) 2278-2324",
    "J. Chem. 12 (2004) 1234-1240",
    "vol. 55, no. 4 (2011) 300-310",
    "Phys. Rev. D 98 (2018) 030001",
    "JHEP 08 (2012) 098-105",
    "Cell 178 (2019) 505-510",
    "Cell. Mol. Life Sci. 65 (2008) 1234-1240",
    "(2019) 505-510",
    # Volume, issue and pages; the name of the journal is a context word.
    "12(3): 245-259",
    "12(3): 1245-1259",
    "Cell 144(5): 1646-1674",
    "Cell 144 (5), 1646-1674",
    "Cell 144 (5) 1646-1674",
    "Cell 144, 1646-1674",
    "Cell. Mol. Life Sci. 2008, 65, 1234-1240",
    "IEEE Trans. Mobile Comput., vol. 5, no. 3, pp. 1234-1240",
    "Mobile Netw. Appl. 12(3):1234-1240 (2007)",
    # Law.
    "410 U.S. 113 (1973) 164-166",
    "410 U.S. 113 (1973) 1164-1166",
    "D.C. Code section 47-1801.04, sections 123-456-7890",
    # Numbers of publications, with a context word near.
    "doi:10.1016/0370-2693(98)00123-4 phone",
    "https://doi.org/10.1234/0123-456789",
    "phone 10.1234/0123-456789",
    "ISSN 2049-3630 Tel.",
    "ISSN: 0317-8471, phone",
    "<issn>0317-8471</issn> phone",
    "arXiv:0704.0001 phone",
    "ISBN 0-306-40615-2 phone",
    "ISBN 0 306 40615 2 office",
    "978-0-306-40615-7 office",
    "ISBN-10 0306406152 Tel.",
    "PMID 12345678 phone",
    "U.S. Patent No. 5123456 phone",
    "Cell Art. 6 (1) 1234-1234",
    "Cell 2011 Mar 4; 144 (5) 1646-1674",
    "Math. Comp. 19 (1965), 1297-1301 phone",
    "Mobile 10-12 2004 123-130",
    # Years and dates.
    "phone 1999-2004",
    "phone 2010/2011 2012/2013",
    "phone 3 000 000 - 4 000 000",
    "01.02.2012-03.04.2012",
    "01.02.2012 - 03.04.2012",
    "01/02/2012-05/06/2013",
    "2012/01/02 - 2012/03/04",
    "2012-01-02/2012-03-04",
    "phone 2012-01-02 - 2012-03-04",
    "(1998-2001) 505-510",
]
MACHINES = [
    "MAC 00-11-22-33-44-55",
    "01-23-45-67-89-10",
    "02-34-45-67-89-10-11-12",
    "02-34-45-67-89-ab",
    "ab-02-34-45-67-89",
    "00:11:22:33:44:55",
    "0011.2233.4455",
    "0123.4567.8901",
    '"version": "02.11.2345.67"',
    "<version>02.11.2345.67</version>",
    'AssemblyVersion("01.02.0345.6789")',
    '[assembly: AssemblyFileVersion("01.02.0345.6789")]',
    "mobile version 12.34.56.78",
    "- 02.11.2345.67",
    "10.0.19041.1234",
    "Mozilla/5.0 (Linux; Android 9) Chrome/120.0.6099.109 Mobile Safari/537.36",
    "Mobile/15E148 Version/17.0 120.0.6099.109",
    "SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile",
    "550e8400-2958-0134-8000-446655440000",
    "phone id 12345678-2958-0134-8000-446655440000",
    "phone id 23456789-abcd-0134-8000-446655440000",
    "phone 10.20.30.40 - 10.20.30.50",
    "phone 10.20.30.40/24",
    "phone 192.168.001.001",
    "1.3.6.1.4.1.311.21.20",
    # Numbers with a sign or a point, and made-up ones.
    "Decimal('+35236450.6')",
    "+48.856614,+2.352222",
    "+48.8566140",
    "Buffer 01 02 03 04 05",
    "phone: 0123456789",
]


@pytest.mark.parametrize("text", [*CITATIONS, *MACHINES])
def test_other_numbers_are_not_found(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # The near misses of the above.
        ("Cell (212) 736-5000", ["(212) 736-5000"]),
        ("Cell 144-1646", ["144-1646"]),
        ("Cell: 2345-6789, 2345-6790", ["2345-6789", "2345-6790"]),
        ("Phone number: 467-3395", ["467-3395"]),
        ("ISSN 2049-3630. Tel. 467-3395", ["467-3395"]),
        ("P: (212) 736-5000", ["(212) 736-5000"]),
        ("01-42-68-53-17", ["01-42-68-53-17"]),
        ("01.42.68.53.17", ["01.42.68.53.17"]),
        ("phone 0176 12 34 56 78", ["0176 12 34 56 78"]),
        ('"tel": "+1.8005551212"', ["+1.8005551212"]),
        ("Tel. 60-56-85-91", ["60-56-85-91"]),
    ],
)
def test_numbers_like_them_are_found(text: str, wanted: list[str]) -> None:
    assert values(text) == wanted

"""Identifiers of no country."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("EMAIL_ADDRESS", ("to jo@acme.org.The next", ["jo@acme.org"])),
    ("EMAIL_ADDRESS", ("to jo@acme.com.br. The", ["jo@acme.com.br"])),
    ("EMAIL_ADDRESS", ("Mail jo.doe+x@acme.co.uk.", ["jo.doe+x@acme.co.uk"])),
    (
        "EMAIL_ADDRESS",
        ("邮箱ab@qq.com谢谢, übung@straße.de", ["ab@qq.com", "übung@straße.de"]),
    ),
    (
        "EMAIL_ADDRESS",
        ("'jo@acme.org' <a href='mailto:al@acme.org'>", ["jo@acme.org", "al@acme.org"]),
    ),
    (
        "EMAIL_ADDRESS",
        ("jo@example.com jo@mail.example.org jo@acme.test jo@x.invalid", []),
    ),
    (
        "EMAIL_ADDRESS",
        ("see @handle, foo@bar, jo@acme.notatld, jo.@acme.org, a@@acme.org", []),
    ),
    ("EMAIL_ADDRESS", ("https://jo:geheim1@acme.org/", [])),
    (
        "EMAIL_ADDRESS",
        (
            "mailto:jane.doe%40acme.org?x=a%2Bb%40acme.org&y=1",
            ["jane.doe%40acme.org", "a%2Bb%40acme.org"],
        ),
    ),
    ("EMAIL_ADDRESS", ("%3Cjo%40acme.org%3E", ["jo%40acme.org"])),
    (
        "EMAIL_ADDRESS",
        (
            "bob&#64;acme.org &lt;al&#x40;acme.org&gt; j&#x0040;x.org ed&commat;x.org",
            [
                "bob&#64;acme.org",
                "al&#x40;acme.org",
                "j&#x0040;x.org",
                "ed&commat;x.org",
            ],
        ),
    ),
    ("EMAIL_ADDRESS", ("jo%40example.com jo&#64;example.org jo%40x.test", [])),
    (
        "EMAIL_ADDRESS",
        (
            "pkg%401.2.3 /%40types%2Fnode jo%41acme.org jo&#65;acme.org jo%40x.notatld",
            [],
        ),
    ),
    (
        "EMAIL_ADDRESS",
        (r"x\njane@acme.org\r\nnina@acme.org", ["jane@acme.org", "nina@acme.org"]),
    ),
    (
        "EMAIL_ADDRESS",
        (r"\tjo%40acme.org \\rjo@acme.org", ["jo%40acme.org", "jo@acme.org"]),
    ),
    (
        "EMAIL_ADDRESS",
        (r"\xjane@acme.org njane@acme.org", ["xjane@acme.org", "njane@acme.org"]),
    ),
    ("EMAIL_ADDRESS", (r"\n@acme.org", [])),
    (
        "IP_ADDRESS",
        (
            "at 185.60.216.35, 185.60.216.36:80 and 185.60.0.0/16",
            ["185.60.216.35", "185.60.216.36", "185.60.0.0/16"],
        ),
    ),
    ("IP_ADDRESS", ("IP地址185.60.216.35。", ["185.60.216.35"])),
    ("IP_ADDRESS", ("DNS server 8.8.8.8, then 8.8.4.4:53", ["8.8.8.8", "8.8.4.4"])),
    (
        "IP_ADDRESS",
        ("§7.1.4.3, [§ 7.8.4.6], base-4.10.1.0, v8.8.4.4, .3.3.3.9, 2.0.0.0", []),
    ),
    (
        "IP_ADDRESS",
        (
            "127.0.0.1 10.1.2.3 192.168.0.1 169.254.1.1 0.0.0.0 192.0.2.7 198.51.100.9",
            [],
        ),
    ),
    ("IP_ADDRESS", ("185.60.216.35.1 1.185.60.216.35 185.60.216.356 185.60.216", [])),
    (
        "IP_ADDRESS",
        (
            "2606:4700::6810:84e5: and IPv6:2606:4700::1",
            ["2606:4700::6810:84e5", "2606:4700::1"],
        ),
    ),
    (
        "IP_ADDRESS",
        (
            "2001:db8::7 ::1 fe80::1 std::add f::b 10:20:30 Python 3000:: 12:34:56:78",
            [],
        ),
    ),
    (
        "CREDIT_CARD",
        (
            "card 4111 1111 1111 1111 ok, 5500000000000004元",
            ["4111 1111 1111 1111", "5500000000000004"],
        ),
    ),
    (
        "CREDIT_CARD",
        (
            "3782-822463-10005, 3056 930902 5904, 2223003122003222",
            ["3782-822463-10005", "3056 930902 5904", "2223003122003222"],
        ),
    ),
    ("CREDIT_CARD", ("cc 4222222222222", ["4222222222222"])),
    ("CREDIT_CARD", ("at 4222222222222 ms", [])),
    (
        "CREDIT_CARD",
        ("4111 1111 1111 1112; 4111 1111-1111 1111; 4111-1111 1111-1111", []),
    ),
    (
        "CREDIT_CARD",
        (
            "4111111111111111.5 0.4111111111111111 a4111111111111111 41111111111111111",
            [],
        ),
    ),
    ("CREDIT_CARD", ("110101199001011118 9111111111111111", [])),
    (
        "IBAN_CODE",
        ("to DE89 3704 0044 0532 0130 00 and", ["DE89 3704 0044 0532 0130 00"]),
    ),
    ("IBAN_CODE", ("gb29nwbk60161331926819", ["gb29nwbk60161331926819"])),
    ("IBAN_CODE", ("DE89-3704-0044-0532-0130-00", ["DE89-3704-0044-0532-0130-00"])),
    ("IBAN_CODE", ("DE98 3704 0044 0532 0130 00, DE89 3704 0044 0532 0130", [])),
    ("IBAN_CODE", ("2ed557af-4f84-46d7-be40-fd37a87cd960", [])),
    (
        "CRYPTO",
        (
            "pay 1BitcoinEaterAddressDontSendf59kuE",
            ["1BitcoinEaterAddressDontSendf59kuE"],
        ),
    ),
    ("CRYPTO", ("pay 1BitcoinEaterAddressDontSendf59kuF", [])),
    ("CRYPTO", ("BC1SW50QGDZ25J", ["BC1SW50QGDZ25J"])),
    (
        "CRYPTO",
        (
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"],
        ),
    ),
    ("CRYPTO", ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", [])),
    (
        "CRYPTO",
        (
            "ETH: 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            ["0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"],
        ),
    ),
    ("CRYPTO", ("commit 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

"""Where a value ends: rows, markup, escapes and numbers beside it, for every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from isinglass.transforms.pii.found import resolve_overlaps

if TYPE_CHECKING:
    from isinglass.transforms.pii.detector import Detector

COUNTED = [
    ("CREDIT_CARD", "4539237301631479"),
    ("CREDIT_CARD", "4539 2373 0163 1479"),
    ("CREDIT_CARD", "3782-822463-10005"),
    ("US_SSN", "536-22-1487"),
    ("BR_CPF", "731.204.956-70"),
    ("KR_RRN", "910417-1234568"),
    ("ES_NIF", "47201935R"),
    ("ES_NIE", "X1234567L"),
    ("FR_NIR", "185057800608491"),
    ("IN_AADHAAR", "3928 4756 1028"),
    ("IN_PAN", "ABCPE1234F"),
    ("IT_FISCAL_CODE", "RSSMRA85T10A562S"),
    ("CN_ID_CARD", "11010519491231002X"),
    ("UK_NINO", "AB 12 34 56 C"),
    ("IBAN_CODE", "DE61370400440532013019"),
    ("CRYPTO", "16fZuj9x4tozLd6CAQ7AhTLd9RYXEfJL2U"),
    ("IP_ADDRESS", "81.2.69.160"),
    ("EMAIL_ADDRESS", "jan@interia.pl"),
]
"""Values that count by themselves."""

NAMED = [
    ("CREDIT_CARD", "card", "4222222222222"),
    ("CREDIT_CARD", "card", "5018646679091234565"),
    ("US_SSN", "SSN", "536221487"),
    ("US_ITIN", "ITIN", "912-70-1234"),
    ("CA_SIN", "SIN", "130 692 544"),
    ("UK_NHS", "NHS number", "943 476 5919"),
    ("UK_NINO", "NINO", "AB 123456 C"),
    ("DE_TAX_ID", "Steuer-ID", "86095742719"),
    ("DE_ID_CARD", "Personalausweis", "L01X00T47"),
    ("ES_NIF", "DNI", "1234567L"),
    ("IN_AADHAAR", "Aadhaar", "392847561028"),
    ("AU_TFN", "TFN", "123 456 782"),
    ("AU_MEDICARE", "Medicare", "2123 45670 1"),
    ("BR_CPF", "CPF", "73120495670"),
    ("CN_PASSPORT", "护照", "E12345678"),
]
"""Values that count beside a word."""

ROWS = [
    "7,{},Main St",
    "1,{}\n2,x",
    "[{},12]",
    "7,{},12",
    "{},12/27,123",
    "a;{};12",
    "7\t{}\t12",
    "7|{}|12",
    "'7','{}','x'",
    '"12","{}"',
    "id: 7, value: {}, ok: 1",
    "({})",
    "<td>{}</td>",
    "_{}_",
    "__{}__",
    "*{}*",
    "**{}**",
    "`{}`",
    "~~{}~~",
    r'"first\n{}\nlast"',
    r"a\t{}\tb",
    r"a\r\n{}",
    r"\u003e{}\u003c",
    "a%20{}%20b",
    "&quot;{}&quot;",
    "x={}&y=1",
    "余额{}元",
    "{} 12/03/1980",
    "{} on 2024-03-01",
    "see {}.",
    "{}: yes",
]


def found(detector: Detector, texts: list[str]) -> list[list[tuple[str, str]]]:
    column = pa.array(texts, pa.string())
    detection = detector.detect(column, pa.nulls(len(texts), pa.string()))
    result: list[list[tuple[str, str]]] = [[] for _ in texts]
    for row in resolve_overlaps(detection.findings).to_pylist():
        text = texts[row["row"]]
        result[row["row"]].append((row["entity"], text[row["start"] : row["end"]]))
    return result


@pytest.mark.parametrize("around", ROWS)
def test_whole_values_in_rows_markup_and_escapes(
    around: str, identifiers: Detector
) -> None:
    values = [*COUNTED]
    texts = [around.replace("{}", value) for _, value in COUNTED]
    for entity, word, value in NAMED:
        values.append((entity, value))
        texts.append(f"{word}," + around.replace("{}", value))
    wrong = [
        (text, spans)
        for value, text, spans in zip(
            values, texts, found(identifiers, texts), strict=True
        )
        if spans != [value]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "1.4539237301631479 and 0.4539237301631479 and .4539237301631479",
        "x = 3,4539237301631479 und -0,4539237301631479",
        "a;3,4539237301631479;b",
        "|1,4539237301631479|",
        "4539237301631479.5",
        "47 036 892 816,50 EUR",
        "2024-536-22-1487 and 536-22-1487-3",
        "v1.731.204.956-70",
        "build 1/185057800608491",
        "user_4539237301631479 4539237301631479_b",
        "550e8400-e29b-41d4-a716-446655440000",
        "foo_81.2.69.160 81.2.69.160_1",
    ],
)
def test_no_part_of_a_decimal_an_amount_or_a_name(
    text: str, identifiers: Detector
) -> None:
    assert found(identifiers, [text]) == [[]]


ADDRESSES = [
    ("http://81.169.145.77/45/photo.png", ["81.169.145.77"]),
    ("81.169.145.77/24, 81.169.145.77/24/x", ["81.169.145.77/24", "81.169.145.77"]),
    ("at 2a02:8109::81.169.9.7.", ["2a02:8109::81.169.9.7"]),
    (
        "::ffff:81.169.9.7 64:ff9b::81.169.9.7",
        ["::ffff:81.169.9.7", "64:ff9b::81.169.9.7"],
    ),
    ("::ffff:10.0.0.7 ::ffff:192.0.2.7 ::add", []),
    ("2a02:8109::1%eth0, fe80::1%eth0", ["2a02:8109::1%eth0"]),
    (
        "2a02:8109::1%25en1/64 2a02:8109::1%20a",
        ["2a02:8109::1%25en1/64", "2a02:8109::1"],
    ),
    ("00:1A:2B:FF:FE:3C:4D:5E 00:1A:2B:3C:4D:5E", []),
    ("user@81.2.69.160, [81.2.69.160]:80", ["81.2.69.160", "81.2.69.160"]),
    ("whois.net/81.2.69.160 and /81.2.69.160", ["81.2.69.160", "81.2.69.160"]),
    ("The version is old. Its address: 81.2.69.160", ["81.2.69.160"]),
    ("versioned 81.2.69.160, <b>81.2.69.160</b>", ["81.2.69.160", "81.2.69.160"]),
    ("version 34.56.78.9, 34.56.78.10 and 34.56.78.11", []),
    ('"version": "34.56.78.9" <version>34.56.78.9</version>', []),
    ('AssemblyFileVersion("34.56.78.9") Version="34.56.78.9"', []),
    ("file_version=34.56.78.9 appVersionNumber='34.56.78.9' v. 34.56.78.9", []),
    ("**Version**: 34.56.78.9, ver.34.56.78.9 rev 34.56.78.9", []),
    ("Firefox/34.56.78.9 (curl/34.56.78.9)", []),
    ("版本 34.56.78.9 バージョン\uff1a34.56.78.9", []),
    ("## [34.56.78.9] - 2020-01-01", []),
    ("\t# 34.56.78.9", []),
    ('"FileVersion", "34.56.78.9" and releases/tag/34.56.78.9', []),
    ('__version__ = "34.56.78.9", oldVersion="0.0.0.0-34.56.78.9"', []),
    ("EC 3.4.21.62 (enzyme 2.7.11.24), art. 12.34.56.78", []),
    ("foo==34.56.78.9 foo-34.56.78.9.tar.gz 34.56.78.9-SNAPSHOT", []),
]


@pytest.mark.parametrize(("text", "expected"), ADDRESSES)
def test_addresses_whole_and_versions_not(
    text: str, expected: list[str], identifiers: Detector
) -> None:
    (spans,) = found(identifiers, [text])
    assert spans == [("IP_ADDRESS", value) for value in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail\u2014jan@interia.pl", "jan@interia.pl"),
        ("mail\u2013jan@interia.pl", "jan@interia.pl"),
        ("jan\u2011maria@interia.pl", "jan\u2011maria@interia.pl"),
        ("anna-jan@interia.pl", "anna-jan@interia.pl"),
        ("x_jan@interia.pl", "x_jan@interia.pl"),
        ("_jan@interia.pl", "_jan@interia.pl"),
        ("jan@interia.pl_", "jan@interia.pl"),
        ("jan@interia.pl.The next", "jan@interia.pl"),
        ("jan@interia.co.uk.html", "jan@interia.co.uk"),
        (r"\u003cjan@interia.pl\u003e", "jan@interia.pl"),
        ("100%20jan@interia.pl", "jan@interia.pl"),
        ("%jan@interia.pl%", "jan@interia.pl"),
    ],
)
def test_dashes_and_underscores_of_mailboxes(
    text: str, expected: str, identifiers: Detector
) -> None:
    assert found(identifiers, [text]) == [[("EMAIL_ADDRESS", expected)]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4539 2373 0163 1479 123", ["4539 2373 0163 1479"]),
        ("4539237301631479/12/27/123", ["4539237301631479"]),
        ("4539237301631479-12/2027", ["4539237301631479"]),
        ("4539237301631479-123, 4539237301631479/123", ["4539237301631479"] * 2),
        ("5018 6466 7909 1234 565", ["5018 6466 7909 1234 565"]),
        ("row 5018646679091234565, uid 122000000000003", []),
        ("UATP card 122000000000003", ["122000000000003"]),
    ],
)
def test_cards_before_a_code_and_long_ones_beside_a_word(
    text: str, expected: list[str], identifiers: Detector
) -> None:
    (spans,) = found(identifiers, [text])
    assert [value for entity, value in spans if entity == "CREDIT_CARD"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SSN:\n536221487", ["536221487"]),
        ("name,ssn\r\nJan,536221487", ["536221487"]),
        ("é" * 300 + " SSN\n\n536221487", ["536221487"]),
        ("xssn\n536221487", []),
        ("SSN\n" + "word " * 12 + "536221487", []),
        ("ssn " + "x" * 60 + "\n536221487", []),
        ("s" * 40 + "ssn" + " " * 56 + "\n536221487", []),  # the word is cut there
    ],
)
def test_words_on_the_line_above_name_a_value(
    text: str, expected: list[str], identifiers: Detector
) -> None:
    (spans,) = found(identifiers, [text])
    assert [value for entity, value in spans if entity == "US_SSN"] == expected

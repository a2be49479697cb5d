"""Numbers of regions that are looked for on request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import phonenumbers
import pytest

from isinglass.schemas.config.pii import PiiConfig
from tests.transforms.pii.phones.scanning import REGIONS, marked, values

if TYPE_CHECKING:
    from pathlib import Path

TURKEY = [
    "⟦+90 532 123 45 67⟧",
    "⟦+90 (532) 123 45 67⟧",
    "⟦0 532 123 45 67⟧",
    "⟦0 (532) 123 45 67⟧",
    "⟦0532 123 45 67⟧",
    "⟦(0532) 123 45 67⟧",
    "⟦0532-123-45-67⟧",
    "⟦0532 123 4567⟧",
    "⟦532 123 45 67⟧",
    "⟦532.123.45.67⟧",
    "⟦05321234567⟧",
    "⟦0216 123 45 67⟧",
    "⟦0312 1234567⟧",
    "⟦2121234567⟧",
    "7,⟦05321234567⟧,x",
    "Birinci: ⟦+905321234567⟧, ikinci: ⟦05359876543⟧",
    "Cep no: ⟦0532 123 45 67⟧",
    "6123456789 and 7123456789",
    "1234567890, 12345678901",
    "34 ABC 1234",
    "53212345678",
    "id 2121234567",
    "A05321234567",
]
PHILIPPINES = [
    "⟦+63 917 123 4567⟧",
    "⟦+63-917-123-4567⟧",
    "⟦+639171234567⟧",
    "⟦09171234567⟧",
    "⟦0917 123 4567⟧",
    "⟦0917-123-4567⟧",
    "⟦(0917) 123-4567⟧",
    "⟦(02) 8123 4567⟧",
    "7\t⟦09171234567⟧\t12",
    "Telepono: ⟦09171234567⟧",
    "9171234567",
    "917 123 4567",
    "0917123456",
    "15091712345678",
    "order 09171234567",
]


@pytest.mark.parametrize(
    ("region", "text"),
    [("TR", text) for text in TURKEY] + [("PH", text) for text in PHILIPPINES],
)
def test_a_region_on_request(region: str, text: str) -> None:
    plain, wanted = marked(text)
    assert values(plain, (*REGIONS, region)) == wanted


@pytest.mark.parametrize(
    "text", ["05321234567", "532 123 45 67", "2121234567", "09171234567"]
)
def test_digits_alone_need_a_word_where_nobody_asks(text: str) -> None:
    assert not {"TR", "PH"} & set(PiiConfig().phone_regions)
    assert values(text) == []
    assert values(f"tel {text}") == [text]


@pytest.mark.parametrize("region", ["TR", "PH"])
@pytest.mark.parametrize(
    "style",
    [
        phonenumbers.PhoneNumberFormat.NATIONAL,
        phonenumbers.PhoneNumberFormat.INTERNATIONAL,
        phonenumbers.PhoneNumberFormat.E164,
    ],
)
def test_mobile_numbers_as_the_library_writes_them(region: str, style: int) -> None:
    prefix = {"TR": "5324", "PH": "9174"}[region]
    for number in range(100_000, 1_000_000, 90_001):
        parsed = phonenumbers.parse(f"{prefix}{number}", region)
        written = phonenumbers.format_number(parsed, style)
        assert values(f"x {written}.", (*REGIONS, region)) == [written]


def test_the_tables_of_presidio(shared_data: Path) -> None:
    """All but a number of ten digits that is written as in North America."""
    lines = (shared_data / "pii" / "presidio_tables.jsonl").read_text("utf-8")
    kinds = {"TR_PHONE_NUMBER": "TR", "PH_MOBILE_NUMBER": "PH"}
    missed = []
    for row in map(json.loads, lines.splitlines()):
        if row["entity"] in kinds:
            wanted = [row["text"][start:end] for start, end in row["spans"]]
            if values(row["text"], (*REGIONS, kinds[row["entity"]])) != wanted:
                missed.append(row["text"])
    assert missed == ["917-123-4567"]

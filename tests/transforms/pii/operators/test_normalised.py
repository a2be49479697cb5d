from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.operators.normalised import (
    compact,
    country_of,
    kind_of,
    normalised,
    phone_digits,
    unfolded,
)

EQUAL = [
    ("EMAIL_ADDRESS", "Jo.Doe@Acme.org", "jo.doe@acme.ORG"),
    ("EMAIL_ADDRESS", "e\u0301@x.org", "é@x.org"),
    ("EMAIL_ADDRESS", "straße@x.org", "STRASSE@x.org"),
    ("PHONE_NUMBER", "+44 20 7946-0123", "(+44)2079460123"),
    ("PHONE_NUMBER", "\uff0b\uff14\uff14 20 7946 0123", "+442079460123"),
    ("CREDIT_CARD", "4111-1111 1111 1111", "4111111111111111"),
    ("IBAN_CODE", "de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    ("US_SSN", "123-45-6789", "123 45 6789"),
    ("ES_NIF", "12345678-z", "12345678Z"),
    ("IP_ADDRESS", "2001:DB8:0:0::1", "2001:db8::1"),
    ("IP_ADDRESS", "2001:0db8::0001/64", "2001:db8::1/64"),
    ("PERSON", "Ann\n Lee ", "ANN LEE"),
    ("PERSON", "Zoe\u0308", "ZOË"),
    ("LOCATION", "Cafe\u0301", "Café"),
]
DIFFERENT = [
    ("EMAIL_ADDRESS", "jo.doe@acme.org", "jodoe@acme.org"),
    ("PHONE_NUMBER", "+20 2 5550134", "202-555-0134"),
    ("CREDIT_CARD", "4111111111111111", "4111111111111112"),
    ("IP_ADDRESS", "8.8.8.8", "8.8.8.8/24"),
    ("IP_ADDRESS", "8.8.8", "8.8.08"),
    ("PERSON", "Ann Lee", "AnnLee"),
    ("LOCATION", "Paris", "paris"),
    ("CRYPTO", "1abc", "1ABC"),
]


@pytest.mark.parametrize(("entity", "one", "two"), EQUAL)
def test_spellings_of_one_value(entity: str, one: str, two: str) -> None:
    assert normalised(entity, one) == normalised(entity, two)


@pytest.mark.parametrize(("entity", "one", "two"), DIFFERENT)
def test_other_values(entity: str, one: str, two: str) -> None:
    assert normalised(entity, one) != normalised(entity, two)


@pytest.mark.parametrize(
    ("entity", "kind", "country"),
    [
        ("US_SSN", "national", "US"),
        ("UK_NHS", "national", "GB"),
        ("IP_ADDRESS", "ip", None),
        ("CRYPTO", "other", None),
        ("US", "other", None),
        ("XX_ID", "other", None),
        ("URL_CREDENTIALS", "secret", None),
    ],
)
def test_kind_and_country(entity: str, kind: str, country: str | None) -> None:
    assert (kind_of(entity), country_of(entity)) == (kind, country)


@given(st.text())
def test_compact_has_one_code_point_a_letter_or_digit(value: str) -> None:
    assert len(compact(value)) == sum(c.isalpha() or c.isdecimal() for c in value)


@given(st.text())
def test_phone_digits_are_ascii(value: str) -> None:
    digits = phone_digits(value).removeprefix("+")
    assert not digits or (digits.isascii() and digits.isdigit())


@given(st.text())
def test_unfolded_letters_fold_to_one(value: str) -> None:
    own = unfolded(value)
    assert all(len(char.casefold()) == 1 for char in own)
    folded = unicodedata.normalize("NFC", own.casefold())
    assert folded == unicodedata.normalize(
        "NFC", unicodedata.normalize("NFC", value).casefold()
    )

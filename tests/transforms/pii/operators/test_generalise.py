from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.operators.generalise import generalise, may_be_generalised

CASES = [
    ("EMAIL_ADDRESS", "jo@cs.Stanford.edu", "<EMAIL_ADDRESS:.edu>"),
    ("EMAIL_ADDRESS", "jo@ox.ac.uk", "<EMAIL_ADDRESS:.ac.uk>"),
    ("EMAIL_ADDRESS", "jo@acme.uk", "<EMAIL_ADDRESS:.uk>"),
    ("EMAIL_ADDRESS", "jo%40cs.stanford.edu", "<EMAIL_ADDRESS:.edu>"),
    # The label before the country is a holder here, or no class.
    ("EMAIL_ADDRESS", "jo@ac.uk", "<EMAIL_ADDRESS:.uk>"),
    ("EMAIL_ADDRESS", "jo@mail.smith.de", "<EMAIL_ADDRESS:.de>"),
    # A top level that a firm or family owns.
    ("EMAIL_ADDRESS", "jo@smith", "<EMAIL_ADDRESS>"),
    ("EMAIL_ADDRESS", "jo@home.smith", "<EMAIL_ADDRESS>"),
    ("EMAIL_ADDRESS", "jo@пример.рф", "<EMAIL_ADDRESS>"),
    ("PHONE_NUMBER", "+44 20 7946 0123", "<PHONE_NUMBER:+44>"),
    ("PHONE_NUMBER", "0049 30 1234567", "<PHONE_NUMBER:+49>"),
    ("PHONE_NUMBER", "(202) 555-0134", "<PHONE_NUMBER>"),
    ("PHONE_NUMBER", "+999 1234567", "<PHONE_NUMBER>"),
    ("IP_ADDRESS", "203.0.113.9", "203.0.0.0/16"),
    ("IP_ADDRESS", "203.0.113.9/24", "203.0.0.0/16"),
    ("IP_ADDRESS", "2001:db8:1:2::3", "2001:db8::/32"),
    ("IP_ADDRESS", "fe80::1%eth0", "fe80::/32"),
    ("IP_ADDRESS", "999.1.1.1", "<IP_ADDRESS>"),
    ("CREDIT_CARD", "4111 1111 1111 1111", "<CREDIT_CARD:visa>"),
    ("CREDIT_CARD", "2720 9900 0000 0007", "<CREDIT_CARD:mastercard>"),
    ("CREDIT_CARD", "2721 9900 0000 0007", "<CREDIT_CARD>"),
    ("CREDIT_CARD", "3782 822463 10005", "<CREDIT_CARD:amex>"),
    ("IBAN_CODE", "de89 3704 0044 0532 0130 00", "<IBAN_CODE:DE>"),
    ("IBAN_CODE", "8937 0400", "<IBAN_CODE>"),
    ("US_SSN", "123-45-6789", "<US_SSN:US>"),
    ("UK_NHS", "943 476 5919", "<UK_NHS:GB>"),
    ("DATE_TIME", "3 May 1990", "<DATE_TIME:1990>"),
    ("DATE_TIME", "19900503", "<DATE_TIME>"),
    ("DATE_TIME", "3 May 3990", "<DATE_TIME>"),
    ("PERSON", "Ann Lee", "<PERSON>"),
    ("LOCATION", "Paris", "<LOCATION>"),
    ("OWN_KIND", "1990", "<OWN_KIND>"),
]


@pytest.mark.parametrize(("entity", "value", "form"), CASES)
def test_coarse_forms(entity: str, value: str, form: str) -> None:
    assert generalise(entity, value) == form
    assert may_be_generalised(entity, form)


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("EMAIL_ADDRESS", "jo@ox.ac.uk"),
        ("EMAIL_ADDRESS", "<EMAIL_ADDRESS:jo@ox.ac.uk>"),
        ("EMAIL_ADDRESS", "<PERSON>"),
        ("IP_ADDRESS", "203.0.113.0/24"),
        ("IP_ADDRESS", "203.0.113.9/16"),
        ("PHONE_NUMBER", "<PHONE_NUMBER:+442079460123>"),
        ("PERSON", "<PERSON:Ann Lee>"),
        ("PERSON", ""),
    ],
)
def test_a_value_is_no_coarse_form(entity: str, text: str) -> None:
    assert not may_be_generalised(entity, text)


@given(st.sampled_from(sorted({entity for entity, _, _ in CASES})), st.text())
def test_every_output_is_a_coarse_form(entity: str, value: str) -> None:
    assert may_be_generalised(entity, generalise(entity, value))

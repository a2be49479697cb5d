"""Values that name nobody; sources are in `recognizers/generic.yaml`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.pii import default_entities
from isinglass.transforms.pii.reserved import is_reserved

CASES = {
    "EMAIL_ADDRESS": (
        ["jo@example.com", "jo@mail.EXAMPLE.org", "jo@acme.test", "jo@localhost"],
        ["jo@acme.org", "jo@myexample.com", "jo@example.com.cn", "jo@home.arpa"],
    ),
    "IP_ADDRESS": (
        [
            *("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.1.1", "100.64.0.1"),
            *("192.0.2.7", "198.51.100.9", "203.0.113.5", "224.0.0.1", "240.0.0.1"),
            *("2001:db8::7", "::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1"),
        ],
        ["8.8.8.8", "192.31.196.1", "2606:4700::6810:84e5", "::ffff:8.8.8.8"],
    ),
    "PHONE_NUMBER": (
        [
            *("(202) 555-0134", "+1 202 555 0199", "555-0100", "12-34"),
            *("020 7946 0123", "+44 (0)20 7946 0123", "01632 960123", "07700 900 123"),
            *(
                "+61 491 570 156",
                "(02) 5550 1234",
                "01 99 00 12 34",
                "+33 6 39 98 12 34",
            ),
            *("030 23125 123", "+49 171 3920 012"),
        ],
        [
            *("(202) 555-1134", "(202) 554-0134", "+1 202 555 0200", "020 7946 1123"),
            *("07700 901 123", "+61 491 580 156", "01 99 10 12 34", "030 23126 123"),
        ],
    ),
    "US_SSN": (
        [
            *("078-05-1120", "219-09-9999", "123-45-6789", "987-65-4320"),
            *("987-65-4329", "000-12-3456", "666-12-3456", "514-00-0360"),
            *("514-69-0000", "111-11-1111"),
        ],
        ["514-69-0360", "900-12-3456", "078-05-1121", "987-65-4330"],
    ),
    "BR_CPF": (["111.111.111-11", "00000000000"], ["111.444.777-35", "11-11"]),
    # Test numbers of payment processors are of ranges of real issuers.
    "CREDIT_CARD": (["0000 0000 0000 0000"], ["4111 1111 1111 1111"]),
}


@pytest.mark.parametrize("entity", sorted(CASES))
def test_reserved_values_and_near_misses(entity: str) -> None:
    reserved, real = CASES[entity]
    assert [value for value in reserved if not is_reserved(entity, value)] == []
    assert [value for value in real if is_reserved(entity, value)] == []


@given(st.text(max_size=30), st.sampled_from(sorted(default_entities())))
def test_no_value_that_can_be_found_makes_it_raise(value: str, entity: str) -> None:
    if entity != "IP_ADDRESS":  # checked to be one before
        assert is_reserved(entity, value) in (True, False)

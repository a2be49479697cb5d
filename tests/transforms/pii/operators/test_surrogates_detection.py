"""The own detector does not take a surrogate for the value of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from isinglass.transforms.pii.catalogue import load_catalogue
from isinglass.transforms.pii.operators.normalised import kind_of
from isinglass.transforms.pii.operators.replacement import value_key
from isinglass.transforms.pii.operators.surrogates import surrogate
from isinglass.transforms.pii.operators.surrogates.numbers import holds_card

if TYPE_CHECKING:
    from isinglass.transforms.pii.detector import Detector

FAKES = 60
CARRIERS = (
    "Reach {} today.",
    "the number is {}, she said",
    "IP {};",
    "phone: {}.",
    "请用{}联系",
)
# Numbers of offices, from the tests of libphonenumber; published examples.
VALUES = [
    ("EMAIL_ADDRESS", "jo.doe@acme.org"),
    ("PHONE_NUMBER", "+1 (650) 253-0000"),
    ("PHONE_NUMBER", "(650) 253-0000"),
    ("PHONE_NUMBER", "650-253-0000"),
    ("PHONE_NUMBER", "+44 20 7031 3000"),
    ("PHONE_NUMBER", "+44 7911 123456"),
    ("PHONE_NUMBER", "+33 6 12 34 56 78"),
    ("PHONE_NUMBER", "+61 2 3661 8300"),
    ("PHONE_NUMBER", "+49 30 1234567"),
    ("PHONE_NUMBER", "+86 139 1234 5678"),
    ("PHONE_NUMBER", "020 7031 3000"),
    ("PHONE_NUMBER", "13800138000"),
    ("IP_ADDRESS", "8.8.4.4"),
    ("IP_ADDRESS", "2606:4700::6810:84e5"),
    ("CREDIT_CARD", "4111 1111 1111 1111"),
    ("CREDIT_CARD", "378282246310005"),
    ("IBAN_CODE", "DE89 3704 0044 0532 0130 00"),
    ("US_SSN", "912-13-4567"),
    ("CRYPTO", "1BitcoinEaterAddressDontSendf59kuE"),
]


@pytest.mark.parametrize(("entity", "value"), VALUES)
def test_surrogates_are_not_found_as_what_they_replace(
    identifiers: Detector, entity: str, value: str
) -> None:
    values = [value]
    for number in range(FAKES):
        mark = value_key(number.to_bytes(4, "big"), entity, value)
        values.append(surrogate(entity, value, mark))
    texts = [carrier.format(one) for one in values for carrier in CARRIERS]
    languages = pa.array(["en"] * len(texts))
    found = identifiers.detect(pa.array(texts), languages).findings
    rows = [row for row in found.to_pylist() if row["entity"] == entity]
    original = [row for row in rows if row["row"] < len(CARRIERS)]
    assert original, "the value itself must be found, or the test proves nothing"
    again = [texts[row["row"]] for row in rows if row["row"] >= len(CARRIERS)]
    assert again == []


NUMBERED = [
    (entry.entity, value)
    for entry in load_catalogue()
    if kind_of(entry.entity) in ("national", "iban")
    for value in entry.recognizer.examples
]


def test_no_fake_of_a_number_is_found_as_any_kind(identifiers: Detector) -> None:
    texts = []
    kinds = sorted({entity for entity, _ in NUMBERED})
    for kind in kinds:
        values = [value for entity, value in NUMBERED if entity == kind]
        for number in range(2_000):
            value = values[number % len(values)]
            texts.append(f"It is {surrogate(kind, value, f'{number:032x}')} here.")
    languages = pa.array(["en"] * len(texts))
    found = identifiers.detect(pa.array(texts), languages).findings.to_pylist()
    assert [(texts[row["row"]], row["entity"]) for row in found] == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("4111 1111 1111 1111", True),
        ("4111-1111-1111-1112", False),  # check digit
        ("DE00 4111 1111 1111 1111 00", True),  # inside of a run
        ("9111111111111111", False),  # no issuer
        ("4222222222222", True),
        ("GB00 ZLYB 5094 6201 2386 83", True),
        ("4111 1111 x 1111 1111", False),
    ],
)
def test_cards_within_values(value: str, *, expected: bool) -> None:
    assert holds_card(value) is expected

"""Identifiers of Japan."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    ("JP_MY_NUMBER", ("マイナンバーは123456789018です", ["123456789018"])),
    ("JP_MY_NUMBER", ("個人番号 1234-5678-9018", ["1234-5678-9018"])),
    ("JP_MY_NUMBER", ("個人番号カード 1234 5678 9018", ["1234 5678 9018"])),
    ("JP_MY_NUMBER", ("My Number: 1234 5678 9018", ["1234 5678 9018"])),
    ("JP_MY_NUMBER", ("my_number,123456789018,Tokyo", ["123456789018"])),
    ("JP_MY_NUMBER", ("the individual number 123456789018", ["123456789018"])),
    ("JP_MY_NUMBER", ("マイナンバー 123456789018 03-1234-5678", ["123456789018"])),
    ("JP_MY_NUMBER", ("マイナンバー 6214 9832 0257", ["6214 9832 0257"])),
    # The remainders 1 and 0 both give 0.
    ("JP_MY_NUMBER", ("マイナンバー 000000000060", ["000000000060"])),
    ("JP_MY_NUMBER", ("マイナンバー 000000000140", ["000000000140"])),
    ("JP_MY_NUMBER", ("123456789018, 1234 5678 9018", [])),  # no word
    ("JP_MY_NUMBER", ("法人番号 123456789018", [])),
    ("JP_MY_NUMBER", ("マイナンバー 123456789017、1234-5678-9017", [])),  # check digit
    ("JP_MY_NUMBER", ("マイナンバー 12345678901、1234567890189", [])),
    ("JP_MY_NUMBER", ("マイナンバー 1234 5678-9018", [])),
    ("JP_MY_NUMBER", ("マイナンバー 1234 5678 9018 1234", [])),  # of a card
    ("JP_MY_NUMBER", ("マイナンバー 0.123456789018、123456789018.5", [])),
    ("JP_MY_NUMBER", ("my number is +123456789018", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

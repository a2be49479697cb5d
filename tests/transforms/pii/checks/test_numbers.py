"""Check digits of identity numbers, with published examples and near misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.kinds import Checksum, known_kinds
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.catalogue import checks_of
from isinglass.transforms.pii.checks.digits import passes_luhn, passes_verhoeff
from isinglass.transforms.pii.checks.germany import mod_11_10
from isinglass.transforms.pii.checks.named import holds, named_check

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = {
    # IR35 forum and NHS documentation: 943 476 5919.
    "UK_NHS": (["943 476 5919", "9434765919"], ["943 476 5918", "943 476 591"]),
    # Australian Taxation Office, example of the algorithm.
    "AU_TFN": (["123 456 782", "123456782"], ["123 456 783", "12345678"]),
    "AU_MEDICARE": (
        ["2123 45670 1", "2123456701", "2123456701 1"],
        ["2123 45671 1", "1123 45670 1", "2123 45670 0", "212345670"],
    ),
    # Federal Central Tax Office, examples of the number.
    "DE_TAX_ID": (
        ["86095742719", "47 036 892 816", "65929970489"],
        ["86095742718", "06095742719", "12345678903", "8609574271"],
    ),
    # Federal Office for Information Security, specimen of the card.
    "DE_ID_CARD": (
        ["T220001293", "LZ6311T475"],
        ["T220001294", "T22000129", "T22000129X"],
    ),
    "FR_NIR": (
        ["2 55 08 14 168 025 38", "255081416802538", "1 84 12 2A 018 067 47"],
        ["255081416802539", "2 55 13 14 168 025 38", "2 55 08 00 168 025 38"],
    ),
    "ES_NIF": (["12345678Z", "12345678-z"], ["12345678A", "1234567Z", "00000000T"]),
    "ES_NIE": (["X1234567L", "Y1234567X", "Z1234567R"], ["X1234567M", "W1234567L"]),
    "IT_FISCAL_CODE": (
        ["RSSMRA85T10A562S", "rssmra85t10a562s", "RSSMRA85T10A56NH"],
        ["RSSMRA85T10A562T", "RSSMRA85Z10A562S", "RSSMRA85T00A562O", "RSSMRA85T10A56"],
    ),
    "IN_AADHAAR": (
        ["2345 6789 0124", "234567890124"],
        ["2345 6789 0125", "1345 6789 0124", "2345 6789 012"],
    ),
    "KR_RRN": (
        ["900101-1234568", "200101-3000000", "9001011234568"],
        ["900101-1234569", "901301-1234568", "900230-1234568", "900101-123456"],
    ),
    "BR_CPF": (
        ["111.444.777-35", "11144477735"],
        ["111.444.777-36", "111.444.777-45", "111.111.111-11", "1114447773"],
    ),
    # 046 454 286 is the fictitious number of the Canadian government.
    "CA_SIN": (["130 692 544", "130692544"], ["130 692 545", "046 454 286"]),
    # GB 11643-1999, example in the annex.
    "CN_ID_CARD": (
        ["11010519491231002X", "11010519491231002x", "440524198001010013"],
        ["110105194912310021", "990105194912310028", "11010519491331002X"],
    ),
    "US_SSN": (
        ["514-69-0360", "900 12 3456"],
        [
            *("000-12-3456", "666-12-3456", "514-00-0360", "514-69-0000"),
            *("078-05-1120", "219-09-9999", "123-45-6789", "912-70-1234"),
            *("987-65-4329", "514-69-036", "111-11-1111"),
        ],
    ),
    "US_ITIN": (
        ["912-70-1234", "999-88-0001", "900500001"],
        ["912-49-1234", "912-66-1234", "912-93-1234", "812-70-1234"],
    ),
    "IBAN_CODE": (
        [
            *("DE89 3704 0044 0532 0130 00", "gb29nwbk60161331926819"),
            *("NO9386011117947", "MT84MALT011000012345MTLCAST001S"),
        ],
        [
            *("DE98370400440532013000", "DE8937040044053201300", "ZZ89370400440532"),
            *("", "DE89 3704 0044 0532 0130 0é"),
        ],
    ),
    "CREDIT_CARD": (
        [
            *("4111 1111 1111 1111", "4222222222222", "5555-5555-5555-4444"),
            *("2223003122003222", "378282246310005", "6011111111111117"),
            *("3530111333300000", "30569309025904", "6200000000000005"),
            *("4035501000000008", "6304000000000000", "501864667909"),
        ],
        [
            *("4111 1111 1111 1112", "411111111111116", "9111111111111111"),
            *("2721000000000004", "3500000000000007", "51051051051051", ""),
            "110101199001011118",  # form of a Chinese identity number
            "0000000000000000",
        ],
    ),
}


@pytest.mark.parametrize("entity", sorted(CASES))
def test_examples_pass_and_near_misses_fail(entity: str) -> None:
    right, wrong = CASES[entity]
    for check in checks_of(entity):
        assert [value for value in right if not check(value)] == []
        assert [value for value in wrong if check(value)] == []


CHECKS = [check for entity in known_kinds() for check in checks_of(entity)]


WEIGHTED = {"form": "[0-9A-Z]{2}[0-9]+", "weights": (3, 2, 1), "modulo": 7}
GENERAL = [
    # 3 + 4 + 7 = 14; characters behind the weights are free; A counts as 10.
    ({"kind": "weighted"} | WEIGHTED, ["127", "1-2 7", "1.2/79", "A05"], ["128", "12"]),
    # 30 + 22 + 4 = 56, written small; the form knows no other letters.
    ({"kind": "weighted"} | WEIGHTED, ["ab4"], ["ab5", "äb4", "777", "1²7"]),
    ({"kind": "luhn", "form": "[1-9][0-9]{2}"}, ["182"], ["181", "018", "1826", "18a"]),
    ({"kind": "verhoeff", "form": "[0-9]{4}"}, ["2363"], ["2364", "3263", "0000"]),
]


@pytest.mark.parametrize(("fields", "right", "wrong"), GENERAL)
def test_checksums_of_general_kinds(
    fields: dict[str, object], right: list[str], wrong: list[str]
) -> None:
    checksum = Checksum.model_validate(fields)
    assert [value for value in right if not holds(checksum, value)] == []
    assert [value for value in wrong if holds(checksum, value)] == []


@pytest.mark.parametrize("name", ["is_cpf", "brazil.is_pis", "atlantis.is_id", "", "."])
def test_a_check_that_is_not_there_is_named_with_its_place(name: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^x\.yaml: kinds\.A: .* Write module\.function"
    ):
        named_check(name, "x.yaml: kinds.A")


DIGITS = st.lists(st.integers(0, 9), min_size=11, max_size=11)


@given(DIGITS, st.integers(0, 10), st.integers(1, 9))
def test_one_changed_digit_is_always_seen(body: list[int], at: int, by: int) -> None:
    checks: tuple[Callable[[list[int]], bool], ...] = (
        passes_luhn,
        passes_verhoeff,
        lambda digits: mod_11_10(digits[:-1]) == digits[-1],
    )
    for check in checks:
        passing = [last for last in range(10) if check([*body, last])]
        assert len(passing) == 1
        changed = [*body, passing[0]]
        changed[at] = (changed[at] + by) % 10
        assert not check(changed)


@given(DIGITS, st.integers(0, 9))
def test_verhoeff_sees_neighbours_swapped(body: list[int], at: int) -> None:
    last = next(d for d in range(10) if passes_verhoeff([*body, d]))
    digits = [*body, last]
    swapped = [*digits]
    swapped[at], swapped[at + 1] = digits[at + 1], digits[at]
    assert passes_verhoeff(swapped) == (digits[at] == digits[at + 1])


@given(st.text(max_size=40))
def test_no_text_makes_a_check_raise(text: str) -> None:
    for check in CHECKS:
        assert check(text) in (True, False)


@given(st.text("0123456789\u0660\u0661\u00b2ABXYZ-. ", max_size=20))
def test_no_number_makes_a_check_raise(text: str) -> None:
    for check in CHECKS:
        assert check(text) in (True, False)

"""One value in odd spellings: full width, other blanks and hyphens, invisible signs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.pii import PiiConfig
from isinglass.transforms.erase.search import ValueSearch
from isinglass.transforms.pii.catalogue import load_catalogue
from isinglass.transforms.pii.detector import Detector, build_detector
from isinglass.transforms.pii.operators.replacement import operate, value_key, writer
from isinglass.transforms.pii.operators.surrogates import may_be_surrogate, surrogate
from isinglass.transforms.pii.operators.surrogates.ranges import range_of
from isinglass.transforms.pii.plain import plain_text, plain_value
from tests.properties import examples

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = b"of the tests alone"
# Of offices and manuals; of each kind that has a reserved range, in a usual spelling.
VALUES = {
    "EMAIL_ADDRESS": ("jo.doe@kowalsky.pl", "Jo-Anne_2@mail.kowalsky.co.uk"),
    "PHONE_NUMBER": ("+1 (650) 253-0000", "+44 20 7031 3000", "+49 30 2270 2270"),
    "IP_ADDRESS": ("120.137.86.161", "81.2.69.160", "2606:4700::6810:84e5"),
    "CREDIT_CARD": ("4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005"),
    "IBAN_CODE": ("DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"),
    "US_SSN": ("536-22-1487",),
    "CRYPTO": ("1BitcoinEaterAddressDontSendf59kuE",),
}
SPELLED = [(entity, value) for entity, values in VALUES.items() for value in values]
# Examples of the kinds whose file names a range that is never issued.
IN_RANGES = [
    (entry.entity, entry.recognizer.examples[0])
    for entry in load_catalogue()
    if range_of(entry.entity) is not None
]


def full_width(value: str) -> str:
    """All that recognizers take for its plain character: no other punctuation."""
    return "".join(
        chr(ord(char) + 0xFEE0) if char.isalnum() or char in "+.@" else char
        for char in value
    )


def widened(characters: str) -> Callable[[str], str]:
    return lambda value: "".join(
        full_width(char) if char in characters else char for char in value
    )


BESIDE_DIGITS = "(?<=[0-9.@-])(?=[0-9])"
WAYS: dict[str, Callable[[str], str]] = {
    "full width": full_width,
    "full width digits": widened("0123456789"),
    "full width at sign": widened("@"),
    "full width dots": widened("."),
    "full width plus": widened("+"),
    "no-break blanks": lambda value: value.replace(" ", "\u00a0"),
    "ideographic blanks": lambda value: value.replace(" ", "\u3000"),
    "thin blanks": lambda value: value.replace(" ", "\u2009"),
    "no-break hyphens": lambda value: value.replace("-", "\u2011"),
    "minus signs": lambda value: value.replace("-", "\u2212"),
    # Between words a dash is no hyphen.
    "dashes": lambda value: re.sub("(?<=[0-9])-(?=[0-9])", "\u2013", value),
    # Between letters these two may part words.
    "zero width blanks": lambda value: re.sub(BESIDE_DIGITS, "\u200b", value),
    "direction": lambda value: re.sub(BESIDE_DIGITS, "\u200e", value),
    "soft hyphens": "\u00ad".join,
    "word joiners": "\u2060".join,
}


@pytest.fixture(scope="module")
def detector() -> Detector:
    return build_detector(PiiConfig(mode="identifiers"))


def found(detector: Detector, texts: list[str]) -> list[tuple[int, str, str]]:
    """Row, entity and value of what is found, as it is written."""
    languages = pa.array(["en"] * len(texts))
    findings = detector.detect(pa.array(texts), languages).findings.to_pylist()
    return [
        (f["row"], f["entity"], texts[f["row"]][f["start"] : f["end"]])
        for f in findings
    ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("entity", "value"), SPELLED)
def test_every_spelling_is_found_and_gets_the_same_fake(
    detector: Detector, entity: str, value: str, way: str
) -> None:
    odd = WAYS[way](value)
    assert (0, entity, odd) in found(detector, [f"addr {odd} seen"])
    config = PiiConfig.model_validate({"entities": {entity: {"operator": "surrogate"}}})
    write = writer(config, KEY)
    assert write(entity, odd) == write(entity, value)
    output = write(entity, odd).output
    assert output.isascii()
    assert may_be_surrogate(entity, output)
    again = found(detector, [f"addr {output} seen", f"phone: {output}, ip {output}"])
    assert [one for one in again if one[1] == entity] == []


def odd_spellings(value: str) -> st.SearchStrategy[str]:
    """Any mixture of the ways, character by character."""
    unseen = st.text("\u00ad\u200c\u200d\u2060\ufeff", max_size=2)
    written = [
        st.sampled_from([char, *(way(char) for way in WAYS.values() if way(char))])
        for char in value
    ]
    middle = [st.tuples(one, unseen).map("".join) for one in written[:-1]]
    return st.tuples(*middle, written[-1]).map("".join)


@examples(8)
@given(data=st.data())
@pytest.mark.parametrize(("entity", "value"), [*SPELLED, *IN_RANGES])
def test_any_mixture_of_spellings_is_one_value(
    entity: str, value: str, data: st.DataObject
) -> None:
    odd = data.draw(odd_spellings(value))
    assert plain_value(odd) == plain_text(odd) == value
    mark = value_key(KEY, entity, odd)
    assert mark == value_key(KEY, entity, value)
    fake = surrogate(entity, odd, mark)
    assert fake == surrogate(entity, value, mark)
    assert fake.isascii()
    for operator in ("generalise", "hash", "replace"):
        assert operate(operator, entity, odd, mark) == operate(
            operator, entity, value, mark
        )


@given(st.text(st.characters(codec="ascii")))
def test_plain_values_stay_as_they_are(value: str) -> None:
    assert plain_value(value) is value


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ("\uff08\uff10\uff12\uff10\uff09\u3000\uff17\uff0f\uff14", "(020) 7/4"),
        ("\uff21nna\uff3fK\uff01", "Anna_K!"),
        ("\u0661\u0662\u0663", "123"),
        # What is no spelling of ASCII stays.
        ("Zoë Müller", "Zoë Müller"),
        ("山田。", "山田。"),
    ],
)
def test_values_in_plain_characters(odd: str, plain: str) -> None:
    assert plain_value(odd) == plain


def rows_of(detector: Detector, texts: list[str], entity: str) -> set[int]:
    return {row for row, kind, _ in found(detector, texts) if kind == entity}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("entity", "value"), SPELLED)
def test_a_request_for_erasure_finds_every_spelling(
    entity: str, value: str, way: str
) -> None:
    odd = WAYS[way](value)
    texts = [f"addr {value} seen", f"addr {odd} seen", "addr nobody seen"]
    # A request for erasure, whichever of the two it names.
    for named in (value, odd):
        rows = ValueSearch.compile([named]).rows(pa.array(texts))
        assert rows.tolist() == [0, 1]


@pytest.mark.parametrize("match", ["exact", "regex"])
@pytest.mark.parametrize(("entity", "value"), SPELLED[:6])
def test_an_allowed_value_is_allowed_in_every_spelling(
    entity: str, value: str, match: str
) -> None:
    spellings = [value, *(way(value) for way in WAYS.values())]
    texts = [f"addr {spelling} seen" for spelling in spellings]
    listed = value.replace("+", r"\+").replace("(", r"\(").replace(")", r"\)")
    entry: dict[str, Any] = {"values": [value if match == "exact" else listed]}
    allow = [entry | {"match": match}]
    config = {"mode": "identifiers", "recognizers": {"allow": allow}}
    allowing = build_detector(PiiConfig.model_validate(config))
    assert rows_of(allowing, texts, entity) == set()


def test_a_list_may_name_an_odd_spelling() -> None:
    allow = [{"values": [full_width("info@kowalsky.pl")]}]
    denied = [full_width("Blue Owl").replace(" ", "\u3000"), "Sil\u00adver Fox"]
    deny = [{"entity": "PROJECT", "values": denied}]
    entities = {"EMAIL_ADDRESS": {}, "PROJECT": {"threshold": 0.1}}
    config = {
        "mode": "identifiers",
        "entities": entities,
        "recognizers": {"allow": allow, "deny": deny},
    }
    listed = build_detector(PiiConfig.model_validate(config))
    texts = ["info@kowalsky.pl", "Info@kowalsky.pl", "the Blue Owl", "the Silver Fox"]
    assert found(listed, texts) == [
        (1, "EMAIL_ADDRESS", "Info@kowalsky.pl"),
        (2, "PROJECT", "Blue Owl"),
        (3, "PROJECT", "Silver Fox"),
    ]

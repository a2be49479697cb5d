"""Each shortcut against the code that it stands for."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import hyperscan
import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.predefined_recognizers import PhoneRecognizer, UrlRecognizer

from isinglass.transforms.pii.checks.domains import has_public_suffix
from isinglass.transforms.pii.stock.gating import is_odd
from isinglass.transforms.pii.stock.matches import Match, remove_duplicates
from isinglass.transforms.pii.stock.patterns import (
    OwnSearch,
    PatternSearch,
)
from isinglass.transforms.pii.stock.phone_numbers import PhoneSearch
from isinglass.transforms.pii.stock.registry import (
    StockRecognizers,
    stock_labels,
)
from isinglass.transforms.pii.stock.urls import UrlSearch
from tests.properties import examples

if TYPE_CHECKING:
    from isinglass.transforms.pii.stock.scanner import StockScanner

Places = list[tuple[int, int, float]]

URLS: Any = UrlRecognizer()
PHONES: Any = PhoneRecognizer()
URL_SEARCH = UrlSearch.of(URLS, 0)
PHONE_SEARCH = PhoneSearch(PHONES, 0)

RESULTS = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.integers(0, 6),
        st.integers(1, 4),
        st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    ),
    max_size=12,
)


@given(RESULTS)
def test_the_same_duplicates_go(results: list[tuple[str, int, int, float]]) -> None:
    theirs = EntityRecognizer.remove_duplicates(
        [RecognizerResult(e, s, s + n, score) for e, s, n, score in results]
    )
    ours = remove_duplicates(
        Match(e, s, s + n, score, "rule", score) for e, s, n, score in results
    )
    expected = sorted((r.entity_type, r.start, r.end, r.score) for r in theirs)
    assert sorted(match[:4] for match in ours) == expected


def places(search: Any, text: str) -> Places:
    return sorted((m.start, m.end, m.score) for m in search.find(text, 10.0))


def stock_places(recognizer: Any, text: str) -> Places:
    entities = recognizer.supported_entities
    results = recognizer.analyze(text, entities, None)
    return sorted((r.start, r.end, r.score) for r in results)


HOSTS = st.lists(
    st.sampled_from(
        [
            *("http://", "https://", "HTTP\u017f://", '"', "'", "www.", "www1.", "a"),
            *(".com", ".co", ".c", ".", "-", "/", "/x?y=1#z", " ", "\n", "K", "\u212a"),
            *("b" * 253, "c" * 252 + ".", ".museum", ".online", "é", "(", ")", "@"),
        ]
    ),
    max_size=12,
).map("".join)


@examples(300)
@given(HOSTS)
def test_the_same_urls(text: str) -> None:
    assert URL_SEARCH is not None
    assert places(URL_SEARCH, text) == stock_places(URLS, text)


def test_url_patterns_of_another_form_are_not_understood() -> None:
    other: Any = UrlRecognizer(patterns=[*UrlRecognizer.PATTERNS[:3]])
    assert UrlSearch.of(other, 0) is None


NUMBERS = st.lists(
    st.sampled_from(
        [
            *("4258828080", "425", "882", "8080", "1648", "07700900123", "98765 43210"),
            *("+1", "+44", "0", "9", "12", " ", "-", "/", ".", "(", ")", "\n"),
            *("a", "$", "%", "\uff0b", "x123", " ext. 5", "2012-01-02 08", ":00"),
        ]
    ),
    max_size=10,
).map("".join)


@examples(200)
@given(NUMBERS)
def test_the_same_phone_numbers(text: str) -> None:
    assert places(PHONE_SEARCH, text) == stock_places(PHONES, text)


def test_short_numbers_of_a_region_are_found_as_stock_finds_them() -> None:
    text = "In 1648 there was peace; call 4258828080."
    found = places(PHONE_SEARCH, text)
    assert found == stock_places(PHONES, text)
    assert (30, 40, 0.4) in found


def test_tries_run_out_where_they_do_in_stock() -> None:
    # About 70,000 tries; the number comes after the last that is made.
    text = "1 2 3 4 5 6 7 8 9 0 \n" * 900 + "4258828080"
    assert places(PHONE_SEARCH, text) == stock_places(PHONES, text)


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("a@example.com", True),
        ("a@example.co.uk", True),
        ("a@localhost", False),
        ("a@example.invalid", False),
        ("a@co.uk", False),
    ],
)
def test_hosts(value: str, known: bool) -> None:  # noqa: FBT001 - a table
    assert has_public_suffix(value) is known


def test_every_pattern_recognizer_is_gated(scanner: StockScanner) -> None:
    recognizers = scanner.recognizers
    ungated = [recognizers.searches[n] for n in recognizers.gate.ungated]
    assert {type(search) for search in ungated} == {PhoneSearch, UrlSearch}
    own = [s.recognizer.name for s in recognizers.searches if isinstance(s, OwnSearch)]
    assert own == ["IbanRecognizer"]


def test_only_what_is_asked_for_is_built() -> None:
    recognizers = StockRecognizers.build("en", ["US_SSN", "UNKNOWN"])
    (search,) = recognizers.searches
    assert isinstance(search, PatternSearch)
    assert search.recognizer.name == "UsSsnRecognizer"
    wanted = recognizers.gate.numbers(["nothing", "536-22-1234", "", "mac\u017f"])
    assert wanted.tolist() == [[False], [True], [False], [True]]


def test_labels_are_those_of_the_default_configuration() -> None:
    wanted = ["PERSON", "LOCATION", "UNKNOWN"]
    people = {"PER": "PERSON", "PERSON": "PERSON"}
    places_ = dict.fromkeys(("FAC", "GPE", "LOC", "LOCATION"), "LOCATION")
    assert stock_labels(wanted) == people | places_
    assert stock_labels(["ORGANIZATION"]) == {
        "ORG": "ORGANIZATION",
        "ORGANIZATION": "ORGANIZATION",
    }


@pytest.mark.parametrize(
    ("kind", "example"), [(r"\w", "a"), (r"\d", "1"), (r"\s", " "), ("[a-z]", "Z")]
)
def test_gate_and_patterns_agree_on_characters(kind: str, example: str) -> None:
    flags = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_UCP | hyperscan.HS_FLAG_CASELESS
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[kind.encode()], ids=[0], flags=[flags])
    ends: set[int] = set()
    plain = [
        c
        for c in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(c) != "Cs" and not is_odd(c)
    ]
    assert len(plain) > 30_000
    data = "\x01".join(plain).encode()

    def note(_number: int, _start: int, end: int, _flags: int, _context: Any) -> None:
        ends.add(end)

    database.scan(data, match_event_handler=note)
    position, gate = 0, []
    for character in plain:
        position += len(character.encode())
        if position in ends:
            gate.append(character)
        position += 1
    assert example in gate
    pattern = regex.compile(kind, regex.IGNORECASE)
    assert gate == [c for c in plain if pattern.match(c)]


def test_characters_that_fold_to_ascii_are_odd() -> None:
    for pair in ("\u017f", "\u212a", "\u0130", "\u0131", "\U0001e951", "\u0967"):
        assert is_odd(f"a{pair}b")
    assert not is_odd("caf\u00e9 \u201cquoted\u201d \u2013 \u20ac5 \u4f59\u989d")


def test_a_timeout_is_not_swallowed() -> None:
    recognizers = StockRecognizers.build("en", ["EMAIL_ADDRESS"])
    with pytest.raises(TimeoutError):
        recognizers.searches[0].find("a." * 1_000, 1e-6)
    assert URL_SEARCH is not None
    slow = replace(URL_SEARCH, runs=regex.compile("(a|aa)+[bc]"))
    with pytest.raises(TimeoutError):
        slow.find("a" * 60, 0.01)
